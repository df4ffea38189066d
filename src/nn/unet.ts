import { z } from 'zod';
import { concat, constant, fail, silu, type Tensor } from '../graph/index.ts';
import { attention } from './attention.ts';
import { conv } from './conv.ts';
import { timeEmbedding } from './embedding.ts';
import { norm } from './group-norm.ts';
import { resBlock } from './res-block.ts';
import { halve, repeat } from './resample.ts';
import type { Scope } from './scope.ts';

const count = z.int().min(1);

/**
 * The U-Net of Dhariwal & Nichol 2021 (ADM), the network of paper A. Level l has
 * `modelChannels · channelMult[l]` channels at 1/2ˡ of the image's resolution. Parameters have the
 * names of the authors' code, guided-diffusion.
 */
export const unetSchema = z.strictObject({
  type: z.literal('unet'),
  modelChannels: count,
  channelMult: z.array(count).min(1).readonly(),
  /** Residual blocks of each level on the way down; one more on the way up. */
  numResBlocks: count,
  /** Heights of feature maps at which self-attention follows each block; it always does in the middle. */
  attentionResolutions: z.array(count).readonly(),
  /** Heads of attention, or channels of each head. */
  numHeads: count.default(1),
  numHeadChannels: count.optional(),
  /** Order of the channels of `qkv`; see `attention`. */
  attentionOrder: z.enum(['headsFirst', 'headsLast']).default('headsFirst'),
  /** Between levels: residual blocks, 3×3 convolutions, or means and repeats alone. */
  resample: z.enum(['block', 'conv', 'pool']).default('conv'),
  /** The embedding scales and shifts the norms, rather than being added. */
  scaleShiftNorm: z.boolean().default(false),
  dropout: z.number().min(0).lt(1).default(0),
  groups: count.default(32),
  /**
   * The time whose embedding every block receives; null: no embedding. With a single noise level
   * nothing depends on it, but the reference's network has it.
   */
  time: z.number().nullable().default(null),
});

export type UNetConfig = z.output<typeof unetSchema>;

/**
 * x [N, C, H, W] → the same shape; the last convolution starts at zero. `times` [N] replaces the
 * configuration's time by one for each example, such as its noise level.
 */
export function unet(config: UNetConfig) {
  return (scope: Scope, x: Tensor, times?: Tensor): Tensor => {
    checkShape(config, x);
    const embedding = embed(config, scope, times);
    const blocks = { config, scope, embedding };
    const { h, skips } = descend(blocks, x);
    const top = ascend(blocks, middle(blocks, h), skips);
    const out = scope.at('out');
    const activated = silu(norm(out.at(0), top, config.groups));
    return conv(out.at(2), activated, x.shape[1]!, { zero: true });
  };
}

/** What every block shares. */
interface Blocks {
  readonly config: UNetConfig;
  readonly scope: Scope;
  readonly embedding: Tensor | undefined;
}

function embed({ time, modelChannels }: UNetConfig, scope: Scope, times?: Tensor) {
  const given = times ?? (time === null ? undefined : constant([time]));
  return given && timeEmbedding(scope.at('time_embed'), given, modelChannels);
}

/** The way down: the lowest feature map, and every one on the way in the order it was made. */
function descend(blocks: Blocks, x: Tensor) {
  const { config, scope } = blocks;
  const { modelChannels, channelMult, numResBlocks, resample } = config;
  const inputs = scope.at('input_blocks');
  const skips = [conv(inputs.at(0).at(0), x, modelChannels * channelMult[0]!)];
  const last = () => skips.at(-1)!;
  channelMult.forEach((mult, level) => {
    for (let i = 0; i < numResBlocks; i++) {
      skips.push(block(blocks, inputs.at(skips.length), last(), modelChannels * mult));
    }
    if (level === channelMult.length - 1) return;
    const place = inputs.at(skips.length).at(0);
    const channels = last().shape[1]!;
    if (resample === 'block') {
      skips.push(residual(blocks, place, last(), channels, 'down'));
    } else if (resample === 'conv') {
      skips.push(conv(place.at('op'), last(), channels, { stride: 2 }));
    } else skips.push(halve(last()));
  });
  return { h: last(), skips };
}

function middle(blocks: Blocks, x: Tensor): Tensor {
  const place = blocks.scope.at('middle_block');
  const channels = x.shape[1]!;
  const first = residual(blocks, place.at(0), x, channels);
  const mixed = attend(blocks, place.at(1), first);
  return residual(blocks, place.at(2), mixed, channels);
}

/** The way up: at each block, the feature map of the way down is put beside the one at hand. */
function ascend(blocks: Blocks, x: Tensor, skips: readonly Tensor[]): Tensor {
  const { config, scope } = blocks;
  const { modelChannels, channelMult, numResBlocks, resample } = config;
  const left = [...skips];
  let h = x;
  let made = 0;
  for (let level = channelMult.length - 1; level >= 0; level--) {
    const channels = modelChannels * channelMult[level]!;
    for (let i = 0; i <= numResBlocks; i++) {
      const place = scope.at('output_blocks').at(made++);
      h = block(blocks, place, concat([h, left.pop()!], 1), channels);
      if (level === 0 || i < numResBlocks) continue;
      const after = place.at(attends(config, h) ? 2 : 1);
      if (resample === 'block') h = residual(blocks, after, h, channels, 'up');
      else h = resample === 'conv' ? conv(after.at('conv'), repeat(h), channels) : repeat(h);
    }
  }
  return h;
}

/** A residual block, with attention behind it at the resolutions that have it. */
function block(blocks: Blocks, place: Scope, x: Tensor, channels: number): Tensor {
  const h = residual(blocks, place.at(0), x, channels);
  return attends(blocks.config, h) ? attend(blocks, place.at(1), h) : h;
}

function residual(
  { config, embedding }: Blocks,
  place: Scope,
  x: Tensor,
  channels: number,
  resample?: 'down' | 'up',
): Tensor {
  const { groups, scaleShiftNorm, dropout } = config;
  const fixed = { groups, scaleShiftNorm, dropout, ...(resample && { resample }) };
  return place.part(
    (scope, [h, given]) => resBlock(scope, h!, channels, { ...fixed, embedding: given }),
    embedding ? [x, embedding] : [x],
  );
}

const attends = ({ attentionResolutions }: UNetConfig, { shape }: Tensor) =>
  attentionResolutions.includes(shape[2]!);

function attend({ config }: Blocks, place: Scope, x: Tensor): Tensor {
  const { groups, numHeads, numHeadChannels, attentionOrder: order } = config;
  const channels = x.shape[1]!;
  if (numHeadChannels !== undefined && channels % numHeadChannels !== 0) {
    fail('unet', `channels do not split into heads of ${numHeadChannels}`, [x]);
  }
  const heads = numHeadChannels === undefined ? numHeads : channels / numHeadChannels;
  return place.part((scope, [h]) => attention(scope, h!, { groups, heads, order }), [x]);
}

function checkShape(
  { channelMult, attentionResolutions, groups, modelChannels }: UNetConfig,
  x: Tensor,
): void {
  const levels = channelMult.length;
  const unit = 2 ** (levels - 1);
  const [, , height, width] = x.shape;
  if (x.shape.length !== 4 || height! % unit !== 0 || width! % unit !== 0) {
    fail('unet', `with ${levels} levels takes images [N, C, H, W] whose sides divide by ${unit}`, [
      x,
    ]);
  }
  const heights = channelMult.map((_, level) => height! / 2 ** level);
  const absent = attentionResolutions.find((resolution) => !heights.includes(resolution));
  if (absent !== undefined) {
    fail(
      'unet',
      `attention at resolution ${absent} never occurs: there are ${heights.join(', ')}`,
      [x],
    );
  }
  const odd = channelMult.find((mult) => (modelChannels * mult) % groups !== 0);
  if (odd !== undefined) {
    fail('unet', `${modelChannels * odd} channels do not split into ${groups} groups`, [x]);
  }
}
