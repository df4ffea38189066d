/** Tensors of an ONNX model, wherever they stand in it. */
import type { Message } from '@bufbuild/protobuf';
import { type ModelProto, type TensorProto, TensorProto_DataLocation } from 'onnx-buf';

/**
 * Lists every tensor: constants of the graph and of graphs inside nodes, values of attributes,
 * sparse ones.
 */
export function tensorsIn(model: ModelProto): TensorProto[] {
  const found: TensorProto[] = [];
  const open: unknown[] = [model];
  while (open.length > 0) {
    const value = open.pop();
    if (Array.isArray(value)) for (const item of value) open.push(item);
    else if (isObject(value)) {
      if (isTensor(value)) found.push(value);
      else for (const inner of Object.values(value)) open.push(inner);
    }
  }
  return found.reverse();
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

const isTensor = (value: object): value is TensorProto =>
  (value as Partial<Message>).$typeName === 'onnx.TensorProto';

/** Tells whether a tensor's numbers are in another file. */
export const isOutside = ({ dataLocation, externalData }: TensorProto): boolean =>
  dataLocation === TensorProto_DataLocation.EXTERNAL || externalData.length > 0;
