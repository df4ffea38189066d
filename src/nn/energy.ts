import { z } from 'zod';
import { add, fail, mul, reduceSum, reshape, silu, sizeOf, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import { linear } from './linear.ts';
import { resBlock } from './res-block.ts';
import { halve, spaceToDepth } from './resample.ts';
import type { Network, Scope } from './scope.ts';

const count = z.int().min(1);

/**
 * A scalar of an image: residual blocks at falling resolutions, then a quadratic form of the
 * features.
 */
export const convEnergySchema = z.strictObject({
  type: z.literal('conv-energy'),
  /** Tiles of patch × patch pixels become channels first (space to depth). */
  patch: count,
  /** Channels of each level; the resolution halves from one to the next. */
  channels: z.array(count).min(1).readonly(),
  /** Residual blocks of each level. */
  numResBlocks: z.int().min(0),
  groups: count,
});

/** A scalar of a point: hidden layers with SiLU, then a quadratic form of the features. */
export const mlpEnergySchema = z.strictObject({
  type: z.literal('mlp-energy'),
  width: count,
  layers: count,
});

export type ConvEnergyConfig = z.output<typeof convEnergySchema>;
export type MlpEnergyConfig = z.output<typeof mlpEnergySchema>;

/** Makes a convolutional energy: x [N, C, H, W] → energies [N], 0 before training. */
export function convEnergy({ patch, channels, numResBlocks, groups }: ConvEnergyConfig): Network {
  return (scope, x) => {
    const unit = patch * 2 ** (channels.length - 1);
    const [, , height, width] = x.shape;
    if (x.shape.length !== 4 || height! % unit !== 0 || width! % unit !== 0) {
      fail('conv-energy', `takes images [N, C, H, W] whose sides divide by ${unit}`, [x]);
    }
    let h = conv(scope.at('in'), spaceToDepth(x, patch), channels[0]!);
    channels.forEach((size, level) => {
      const place = scope.at('levels').at(level);
      if (level > 0) h = conv(place.at('downsample'), halve(h), size);
      for (let i = 0; i < numResBlocks; i++) h = resBlock(place.at(i), h, size, { groups });
    });
    const last = channels.at(-1)!;
    const features = silu(norm(scope.at('out').at('norm'), h, { groups }));
    return quadraticForm(
      features,
      conv(scope.at('out').at('conv'), features, last, { zero: true }),
    );
  };
}

/**
 * Makes an energy of fully connected layers: x [N, ...shape], flattened, → energies [N], 0 before
 * training.
 */
export function mlpEnergy({ width, layers }: MlpEnergyConfig): Network {
  return (scope, x) => {
    let h = reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]);
    for (let layer = 0; layer < layers; layer++) h = hidden(scope.at('hidden').at(layer), h, width);
    return quadraticForm(h, linear(scope.at('out'), h, width, { zero: true }));
  };
}

const hidden = (scope: Scope, x: Tensor, width: number) => silu(linear(scope, x, width));

/** h·(Ah + b) summed over everything but the batch: growing as fast as an energy must, |h|². */
function quadraticForm(h: Tensor, affine: Tensor): Tensor {
  const axes = h.shape.map((_, axis) => axis).slice(1);
  return reshape(reduceSum(add(mul(h, affine), affine), axes), [h.shape[0]!]);
}
