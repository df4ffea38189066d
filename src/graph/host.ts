import type * as Ort from 'onnxruntime-common';
import type { Runtime } from './device.ts';
import { GraphError } from './error.ts';
import { type DType, describe, sizeOf, type Tensor } from './tensor.ts';

/** The typed array that holds a tensor's values on the host; bools are bytes 0 or 1. */
export type HostArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/**
 * Makes a runtime tensor over `data` (not copied), or over fresh zeros; type and size are checked.
 */
export function hostTensor(
  runtime: Runtime,
  name: string,
  like: Tensor,
  data?: HostArray,
): Ort.Tensor {
  const size = sizeOf(like.shape);
  const values = data ?? new arrays[like.dtype](size);
  if (!(values instanceof arrays[like.dtype])) {
    throw new GraphError(
      `"${name}" takes ${arrays[like.dtype].name}, not ${(values as object).constructor.name}`,
      { code: 'invalid', facts: { input: name, dtype: like.dtype } },
    );
  }
  if (values.length !== size) {
    throw new GraphError(
      `"${name}" takes ${size} values for ${describe(like)}, not ${values.length}`,
      { code: 'shape', facts: { input: name, shape: like.shape, values: values.length } },
    );
  }
  const make = runtime.Tensor as unknown as new (
    type: string,
    data: HostArray,
    dims: readonly number[],
  ) => Ort.Tensor;
  return new make(like.dtype, values, like.shape);
}

/** Makes a function that turns the caller's array into a runtime tensor, once per array. */
export function feeder(
  runtime: Runtime,
  name: string,
  like: Tensor,
): (data: HostArray | undefined) => Ort.Tensor {
  let last: { readonly data: HostArray; readonly tensor: Ort.Tensor } | undefined;
  return (data) => {
    if (!data)
      throw new GraphError(`input "${name}" is missing`, {
        code: 'invalid',
        facts: { input: name },
      });
    if (last?.data !== data) last = { data, tensor: hostTensor(runtime, name, like, data) };
    return last.tensor;
  };
}
