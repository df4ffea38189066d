import { z } from 'zod';
import { fail, type Tensor } from '../graph/index.ts';
import { groupsOf } from './group-norm.ts';

const count = z.int().min(1);

/**
 * The U-Net of Dhariwal & Nichol 2021 (ADM), the network of paper A. Level l has
 * `modelChannels · channelMult[l]` channels at 1/2ˡ of the image's resolution. Parameters have the
 * names of the authors' code, guided-diffusion.
 */
export const unetSchema = z.strictObject({
  type: z.literal('unet'),
  /**
   * `song`: what DDPM++ and NCSN++ (Song et al. 2021, as in Karras et al. 2022) have of their own.
   * The first convolution makes `modelChannels`; sums of blocks and of attention are times √½;
   * blocks that resample have a 1×1 convolution in their skip; on the way up attention follows the
   * last block of a level alone; a condition is added to the sinusoids of the time.
   */
  layout: z.enum(['adm', 'song']).optional(),
  modelChannels: count,
  channelMult: z.array(z.number().positive()).min(1).readonly(),
  /** Residual blocks of each level on the way down; one more on the way up. */
  numResBlocks: count,
  /**
   * Heights of feature maps at which self-attention follows each block; it always does in the
   * middle.
   */
  attentionResolutions: z.array(count).readonly(),
  /** Those of the way up, where they differ. */
  upAttentionResolutions: z.array(count).readonly().optional(),
  /** Attention in the middle: behind a norm (default), without one, or none at all. */
  middleAttention: z.enum(['norm', 'plain', 'none']).optional(),
  /** Heads of attention, or channels of each head. */
  numHeads: count.default(1),
  numHeadChannels: count.optional(),
  /** Order of the channels of `qkv`; see `attention`. */
  attentionOrder: z.enum(['headsFirst', 'headsLast']).default('headsFirst'),
  /** Between levels: residual blocks, 3×3 convolutions, or means and repeats alone. */
  resample: z.enum(['block', 'conv', 'pool']).default('conv'),
  /**
   * Where convolutions that halve the resolution see zeros: around the image (default), or only
   * below and to the right of it.
   */
  downPadding: z.enum(['around', 'behind']).optional(),
  /** What blocks resample by: [1, 1] (default), or `binomial`, [1, 3, 3, 1]. */
  resampleFilter: z.enum(['box', 'binomial']).optional(),
  /**
   * The image goes down beside the blocks and is added at each level (NCSN++). `residual`: by a
   * convolution and the filter, and the sum, times √½, is what goes on. `skip`: by the filter, and
   * through a 1×1 convolution into the sum.
   */
  imageInput: z.enum(['residual', 'skip']).optional(),
  /** Each level makes an image, and they go up by the filter, added to each other (NCSN++). */
  imageOutput: z.literal('skip').optional(),
  /** The embedding scales and shifts the norms, rather than being added. */
  scaleShiftNorm: z.boolean().default(false),
  dropout: z.number().min(0).lt(1).default(0),
  groups: count.default(32),
  /** Channels that a group has at least: where there are few, they make fewer groups. */
  groupSize: count.optional(),
  /** Added to each variance of a group; default 1e-5. */
  epsilon: z.number().positive().optional(),
  /** What stands first in the embedding of the time; default `cos`. */
  timeFirst: z.enum(['cos', 'sin']).optional(),
  /** Steps by which frequencies of the time reach their end sooner; default 0. See `sinusoids`. */
  timeShift: z.number().min(0).optional(),
  /** Frequencies of the time, in radians for a unit of it, where they are others (NCSN++). */
  timeFrequencies: z.array(z.number()).min(1).readonly().optional(),
  /**
   * Channels of the last convolution; default those of the image. Of more, those after the image's
   * are dropped: a variance that was learned too.
   */
  outputChannels: count.optional(),
  /**
   * The time whose embedding every block receives where the network is told none; null: no
   * embedding. With a single noise level nothing depends on it, but the reference's network has it.
   */
  time: z.number().nullable().default(null),
});

export type UNetConfig = z.output<typeof unetSchema>;

/** Counts the channels of a level; a factor may be such that rounding alone makes them whole. */
export const channelsOf = ({ modelChannels, channelMult }: UNetConfig, level: number) =>
  Math.round(modelChannels * channelMult[level]!);

/**
 * Checks that images split into the levels, and channels into groups.
 *
 * @throws GraphError where they do not.
 */
export function checkShape(config: UNetConfig, x: Tensor): void {
  const { channelMult, attentionResolutions, upAttentionResolutions = [] } = config;
  const levels = channelMult.length;
  const unit = 2 ** (levels - 1);
  const [, , height, width] = x.shape;
  if (x.shape.length !== 4 || height! % unit !== 0 || width! % unit !== 0) {
    fail('unet', `with ${levels} levels takes images [N, C, H, W] whose sides divide by ${unit}`, [
      x,
    ]);
  }
  const heights = channelMult.map((_, level) => height! / 2 ** level);
  const wanted = [...attentionResolutions, ...upAttentionResolutions];
  const absent = wanted.find((resolution) => !heights.includes(resolution));
  if (absent !== undefined) {
    fail(
      'unet',
      `attention at resolution ${absent} never occurs: there are ${heights.join(', ')}`,
      [x],
    );
  }
  const channels = channelMult.map((_, level) => channelsOf(config, level));
  const odd = channels.find((each) => each % groupsOf(each, config) !== 0);
  if (odd !== undefined) {
    fail('unet', `${odd} channels do not split into ${groupsOf(odd, config)} groups`, [x]);
  }
}
