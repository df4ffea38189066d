import { apply, type Op, type Tensor } from '../tensor.ts';

const op: Op = {
  name: 'stopGradient',
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  lower: (_, [x]) => x!,
};

/** Returns x, which the gradient sees as a constant. */
export function stopGradient(x: Tensor): Tensor {
  return apply(op, [x], undefined);
}
