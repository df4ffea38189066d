import { apply, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { slice } from './slice.ts';

const op: Op<{ readonly before: Shape; readonly after: Shape }> = {
  name: 'pad',
  infer: ([x], { before, after }) => ({
    shape: x!.shape.map((size, axis) => before[axis]! + size + after[axis]!),
    dtype: x!.dtype,
  }),
  gradient: ({ inputs, attributes: { before } }, cotangent) => [
    slice(
      cotangent,
      before,
      inputs[0]!.shape.map((size, axis) => before[axis]! + size),
    ),
  ],
  lower: (emitter, [x], { attributes: { before, after } }) => {
    if ([...before, ...after].every((count) => count === 0)) return x!;
    return emitter.node('Pad', [x!, emitter.ints([...before, ...after])]);
  },
};

/** Puts zeros around x: `before[i]` in front of axis i, `after[i]` behind it. */
export function pad(x: Tensor, before: Shape, after: Shape): Tensor {
  const rank = x.shape.length;
  const wrong = [...before, ...after].some((count) => !Number.isInteger(count) || count < 0);
  if (before.length !== rank || after.length !== rank || wrong) {
    fail('pad', `needs two counts ≥ 0 for each of ${rank} axes`, [x]);
  }
  return apply(op, [x], { before, after });
}
