import type { Emitter } from '../emitter.ts';
import { apply, checkFloat, fail, type Op, type Shape, sizeOf, type Tensor } from '../tensor.ts';
import { add } from './add.ts';
import { blockMatrices, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import { expand } from './expand.ts';
import { memoize } from './memo.ts';
import { mul } from './mul.ts';
import { reshape } from './reshape.ts';

const op: Op = {
  name: 'channelSums',
  infer: ([x]) => {
    checkFloat('channelSums', [x!]);
    if (x!.shape.length < 2) fail('channelSums', 'takes [N, C, ...]', [x!]);
    return { shape: x!.shape.slice(0, 2), dtype: x!.dtype };
  },
  gradient: ({ inputs }, cotangent) => {
    const { shape } = inputs[0]!;
    const thin = [...shape.slice(0, 2), ...shape.slice(2).map(() => 1)];
    return [expand(reshape(cotangent, thin), shape)];
  },
  lower: (emitter, [x], { inputs }) => emitChannelSums(emitter, x!, inputs[0]!.shape),
};

/** Sums over positions of x [N, C, ...]: [N, C]. */
export function channelSums(x: Tensor): Tensor {
  return simplified(x) ?? apply(op, [x], undefined);
}

/**
 * Sums of what `affine` made, or of sums of such, follow from the sums of what it was made from.
 */
function simplified(x: Tensor): Tensor | undefined {
  if (x.source.kind !== 'op') return undefined;
  const [a, b, c] = x.inputs as readonly [Tensor, Tensor, Tensor | undefined];
  if (x.source.op === 'add' && a.shape.join() === b.shape.join()) {
    const [left, right] = [simplified(a), simplified(b)];
    return left && right && add(left, right);
  }
  if (x.source.op !== 'affine') return undefined;
  const scaled = mul(channelSums(a), b);
  return c ? add(scaled, mul(c, sizeOf(x.shape.slice(2)))) : scaled;
}

/** Emits the nodes of `channelSums`: on blocks, a product with a row of ones. */
export function emitChannelSums(emitter: Emitter, x: string, shape: Shape): string {
  const [batch, channels] = shape as readonly [number, number];
  const sums = emitter.ints([batch, channels]);
  if (hasBlocks(emitter, shape) && isBlocked(emitter, x)) {
    const matrices = blockMatrices(emitter, toBlocks(emitter, x), shape);
    const positions = shape[2]! * shape[3]!;
    const ones = emitter.constant(onesOf(positions), [1, positions]);
    return emitter.node('Reshape', [emitter.node('MatMul', [ones, matrices]), sums]);
  }
  const rows = emitter.node('Reshape', [x, emitter.ints([batch, channels, -1])]);
  return emitter.node('ReduceSum', [rows, emitter.ints([2])], { attributes: { keepdims: 0 } });
}

const onesOf = memoize((length: number) => new Float32Array(length).fill(1));
