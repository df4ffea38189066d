import { TensorProto_DataType } from 'onnx-buf';
import type { DType } from './tensor.ts';

/** ONNX's number of each type. */
export const onnxType: Readonly<Record<DType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};
