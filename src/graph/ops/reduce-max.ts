import { reducedShape, resolveAxes } from '../shape.ts';
import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { div } from './div.ts';
import { equal } from './equal.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduce-sum.ts';
import { where } from './where.ts';

const op: Op<{ readonly axes: readonly number[] }> = {
  name: 'reduceMax',
  infer: ([x], { axes }) => {
    if (x!.dtype === 'bool') fail('reduceMax', 'takes numbers, not bool', [x!]);
    return { shape: reducedShape(x!.shape, axes), dtype: x!.dtype };
  },
  gradient: ({ inputs, output, attributes: { axes } }, cotangent) => {
    // Ties share the gradient equally.
    const hit = where(equal(inputs[0]!, output), 1, 0);
    return [mul(hit, div(cotangent, reduceSum(hit, axes)))];
  },
  lower: (emitter, [x], { attributes: { axes } }) =>
    emitter.node('ReduceMax', [x!, emitter.ints(axes)], { attributes: { keepdims: 1 } }),
};

/** Takes the largest element over `axes` (default: all), which stay as size 1. */
export function reduceMax(x: Tensor, axes?: number | readonly number[]): Tensor {
  const resolved = resolveAxes('reduceMax', x, axes);
  return resolved.length === 0 ? x : apply(op, [x], { axes: resolved });
}
