import type { TensorProto_DataType } from 'onnx-buf';

export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';
export type Shape = readonly number[];
export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/**
 * Types of constants in files: the halves of a small file are cast to float32 when it is opened.
 */
export type StoredType = DType | 'float16';

/**
 * ONNX's number of each type, of `TensorProto.DataType`: written out, as the package that has them
 * is large.
 */
export const onnxType: Readonly<Record<StoredType, TensorProto_DataType>> = {
  float16: 10,
  float32: 1,
  float64: 11,
  int32: 6,
  int64: 7,
  uint8: 2,
  bool: 9,
};

/** Tells the type of an array's elements. */
export function dtypeOf(data: TensorData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return 'uint8';
}

/** Bytes of an element of each type whose elements are whole bytes. */
const bytesByType: ReadonlyMap<TensorProto_DataType, number> = new Map([
  [9, 1], // BOOL
  [3, 1], // INT8
  [2, 1], // UINT8
  [10, 2], // FLOAT16
  [16, 2], // BFLOAT16
  [5, 2], // INT16
  [4, 2], // UINT16
  [1, 4], // FLOAT
  [6, 4], // INT32
  [12, 4], // UINT32
  [11, 8], // DOUBLE
  [7, 8], // INT64
  [13, 8], // UINT64
]);

/** Gives the bytes of an element; `undefined` for types that are packed or have no fixed size. */
export const elementBytes = (type: TensorProto_DataType): number | undefined =>
  bytesByType.get(type);
