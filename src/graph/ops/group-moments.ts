import type { Emitter } from '../emitter.ts';
import {
  apply,
  checkFloat,
  constant,
  fail,
  type Op,
  type Shape,
  sizeOf,
  type Tensor,
} from '../tensor.ts';
import { affine } from './affine.ts';
import { fromBlocks, hasBlocks, toBlocks } from './blocks.ts';
import { emitChannelDots } from './channel-dots.ts';
import { emitChannelSums } from './channel-sums.ts';
import { matMul } from './mat-mul.ts';
import { memoize } from './memo.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

export interface GroupOptions {
  /** Groups the channels are split into; 1 normalises over channels and positions. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;
}

const infer =
  (name: string) =>
  (inputs: readonly Tensor[], { groups }: GroupOptions) => {
    const [x] = inputs as readonly [Tensor];
    checkGroups(name, x, groups);
    return { shape: [x.shape[0]!, groups], dtype: x.dtype };
  };

const mean: Op<GroupOptions> = {
  name: 'groupMean',
  infer: infer('groupMean'),
  gradient: ({ inputs, attributes: { groups } }, cotangent) => {
    const [x] = inputs as readonly [Tensor];
    const share = toChannels(mul(cotangent, 1 / groupSize(x.shape, groups)), x.shape[1]!);
    return [affine(x, mul(share, 0), share)];
  },
  lower: (emitter, [x], { inputs, attributes }) =>
    emitMoments(emitter, x!, inputs[0]!.shape, attributes).mean,
};

const deviation: Op<GroupOptions> = {
  name: 'inverseDeviation',
  infer: infer('inverseDeviation'),
  // d/dx (v + ε)^(−1/2) = −(v + ε)^(−3/2)·(x − mean)/L.
  gradient: ({ inputs, output, attributes }, cotangent) => {
    const [x] = inputs as readonly [Tensor];
    const cube = mul(mul(output, output), output);
    const slope = mul(mul(cotangent, cube), -1 / groupSize(x.shape, attributes.groups));
    const shift = neg(mul(slope, groupMean(x, attributes)));
    return [affine(x, toChannels(slope, x.shape[1]!), toChannels(shift, x.shape[1]!))];
  },
  lower: (emitter, [x], { inputs, attributes }) =>
    emitMoments(emitter, x!, inputs[0]!.shape, attributes).inverse,
};

/** Computes the mean of each group of channels of x [N, C, ...]: [N, groups]. */
export function groupMean(x: Tensor, options: GroupOptions): Tensor {
  return apply(mean, [x], options);
}

/** Computes 1/√(variance + ε) of each group of channels of x [N, C, ...]: [N, groups]. */
export function inverseDeviation(x: Tensor, options: GroupOptions): Tensor {
  return apply(deviation, [x], options);
}

/** Repeats values by group [N, groups] for each channel: [N, C]. */
export function toChannels(values: Tensor, channels: number): Tensor {
  const groups = values.shape[1]!;
  return matMul(values, constant(membersOf(groups, channels), [groups, channels]));
}

/** Sums values by channel [N, C] over the channels of each group: [N, groups]. */
export function toGroups(values: Tensor, groups: number): Tensor {
  const channels = values.shape[1]!;
  const members = constant(membersOf(groups, channels), [groups, channels]);
  // Sums over a short last axis take the runtime ten times as long as a product.
  return matMul(values, members, { transposeB: true });
}

/** Counts the elements of one group of one example. */
export const groupSize = (shape: Shape, groups: number) => sizeOf(shape.slice(1)) / groups;

/**
 * Emits the nodes for mean and inverse deviation, [N, groups] each. On blocks they come from sums
 * and sums of squares by channel; elsewhere layer normalisation of rows, one for each group, has
 * both.
 */
export function emitMoments(emitter: Emitter, x: string, shape: Shape, options: GroupOptions) {
  const { groups, epsilon } = options;
  if (!hasBlocks(emitter, shape)) {
    const [, rowMean, inverse] = emitRows(emitter, x, shape, options);
    const view = emitter.ints([shape[0]!, groups]);
    return {
      mean: emitter.node('Reshape', [rowMean!, view]),
      inverse: emitter.node('Reshape', [inverse!, view]),
    };
  }
  const channels = shape[1]!;
  const image = fromBlocks(emitter, toBlocks(emitter, x), channels);
  const means = emitter.constant(meansOf(channels, groups, shape[2]! * shape[3]!), [
    channels,
    groups,
  ]);
  const ofGroup = (name: string) => emitter.node('MatMul', [name, means]);
  const first = ofGroup(emitChannelSums(emitter, image, shape));
  const second = ofGroup(emitChannelDots(emitter, image, image, shape));
  const square = emitter.node('Mul', [first, first]);
  // Rounding may leave less than nothing.
  const variance = emitter.node('Relu', [emitter.node('Sub', [second, square])]);
  const padded = emitter.node('Add', [variance, emitter.scalar(epsilon)]);
  return { mean: first, inverse: emitter.node('Pow', [padded, emitter.scalar(-0.5)]) };
}

/**
 * Emits layer normalisation with every group as a row: the normalised rows, their means and
 * 1/√(variance + ε).
 */
export function emitRows(
  emitter: Emitter,
  x: string,
  shape: Shape,
  { groups, epsilon }: GroupOptions,
): string[] {
  const length = groupSize(shape, groups);
  const rows = emitter.node('Reshape', [x, emitter.ints([shape[0]! * groups, length])]);
  const ones = emitter.constant(onesOf(length), [length]);
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  return emitter.nodes('LayerNormalization', [rows, ones], 3, { attributes });
}

/** Checks that channels split into groups. */
export function checkGroups(name: string, x: Tensor, groups: number): void {
  checkFloat(name, [x]);
  const channels = x.shape[1];
  if (
    channels === undefined ||
    !Number.isInteger(groups) ||
    groups < 1 ||
    channels % groups !== 0
  ) {
    fail(name, `channels do not split into ${groups} groups`, [x]);
  }
}

const onesOf = memoize((length: number) => new Float32Array(length).fill(1));

/** [groups, C]: 1 where the channel is of the group. */
export const membersOf = memoize((groups: number, channels: number) =>
  Float32Array.from({ length: groups * channels }, (_, i) =>
    Number(Math.floor(((i % channels) * groups) / channels) === Math.floor(i / channels)),
  ),
);

/** [C, groups]: from sums over positions by channel to means by group. */
const meansOf = memoize((channels: number, groups: number, positions: number) =>
  Float32Array.from({ length: channels * groups }, (_, i) => {
    const isMember = Math.floor((Math.floor(i / groups) * groups) / channels) === i % groups;
    return isMember ? groups / (channels * positions) : 0;
  }),
);
