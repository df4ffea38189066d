import { apply, type DType, type Op, type Tensor } from '../tensor.ts';
import { onnxType } from '../types.ts';

const op: Op<{ readonly dtype: DType }> = {
  name: 'cast',
  infer: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  lower: (emitter, inputs, { attributes: { dtype } }) =>
    emitter.node('Cast', inputs, { attributes: { to: onnxType[dtype] } }),
};

/** Converts to another type. No gradient flows: only float32 is differentiated. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(op, [x], { dtype });
}
