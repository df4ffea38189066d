import { apply, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { fromBlocks, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import { pad } from './pad.ts';

const op: Op<{ readonly starts: Shape; readonly ends: Shape }> = {
  name: 'slice',
  infer: ([x], { starts, ends }) => ({
    shape: ends.map((end, axis) => end - starts[axis]!),
    dtype: x!.dtype,
  }),
  gradient: ({ inputs, attributes: { starts, ends } }, cotangent) => [
    pad(
      cotangent,
      starts,
      ends.map((end, axis) => inputs[0]!.shape[axis]! - end),
    ),
  ],
  lower: (emitter, [x], { inputs, output, attributes: { starts, ends } }) => {
    const cut = [...starts.keys()].filter(
      (axis) => starts[axis] !== 0 || ends[axis] !== inputs[0]!.shape[axis],
    );
    if (cut.length === 0) return x!;
    const pick = (values: Shape) => emitter.ints(cut.map((axis) => values[axis]!));
    const take = (from: string) =>
      emitter.node('Slice', [from, pick(starts), pick(ends), emitter.ints(cut)]);
    // Whole blocks of channels stay blocks.
    const inBlocks =
      cut.join() === '1' &&
      isBlocked(emitter, x!) &&
      hasBlocks(emitter, output.shape) &&
      starts[1]! % emitter.channelBlock === 0;
    if (!inBlocks) return take(x!);
    return fromBlocks(emitter, take(toBlocks(emitter, x!)), output.shape[1]!);
  },
};

/**
 * Cuts the box from `starts` (inclusive) to `ends` (exclusive), one number per axis; negative ends
 * count from the end.
 */
export function slice(x: Tensor, starts: Shape, ends: Shape): Tensor {
  const rank = x.shape.length;
  if (starts.length !== rank || ends.length !== rank) {
    fail('slice', `needs a start and an end for each of ${rank} axes`, [x]);
  }
  const resolve = (values: Shape) =>
    values.map((value, axis) => (value < 0 ? value + x.shape[axis]! : value));
  const [from, to] = [resolve(starts), resolve(ends)];
  const isInside = (axis: number) =>
    from[axis]! >= 0 && to[axis]! >= from[axis]! && to[axis]! <= x.shape[axis]!;
  if (![...from, ...to].every(Number.isInteger) || !from.every((_, axis) => isInside(axis))) {
    fail('slice', `[${starts.join(', ')}] to [${ends.join(', ')}] is not inside`, [x]);
  }
  return apply(op, [x], { starts: from, ends: to });
}
