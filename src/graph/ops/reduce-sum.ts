import { reducedShape, resolveAxes } from '../shape.ts';
import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { expand } from './expand.ts';

const op: Op<{ readonly axes: readonly number[] }> = {
  name: 'reduceSum',
  infer: ([x], { axes }) => {
    if (x!.dtype === 'bool') fail('reduceSum', 'takes numbers, not bool', [x!]);
    return { shape: reducedShape(x!.shape, axes), dtype: x!.dtype };
  },
  gradient: ({ inputs }, cotangent) => [expand(cotangent, inputs[0]!.shape)],
  lower: (emitter, [x], { attributes: { axes } }) =>
    emitter.node('ReduceSum', [x!, emitter.ints(axes)], { attributes: { keepdims: 1 } }),
};

/** Sums over `axes` (default: all), which stay as size 1. */
export function reduceSum(x: Tensor, axes?: number | readonly number[]): Tensor {
  const resolved = resolveAxes('reduceSum', x, axes);
  return resolved.length === 0 ? x : apply(op, [x], { axes: resolved });
}
