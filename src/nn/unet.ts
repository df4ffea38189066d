import { add, concat, constant, fail, mul, silu, slice, type Tensor } from '../graph/index.ts';
import { attention } from './attention.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import { resBlock } from './res-block.ts';
import { halve, repeat, resize, smooth } from './resample.ts';
import type { Scope, Told } from './scope.ts';
import { toldEmbedding } from './told.ts';
import { channelsOf, checkShape, type UNetConfig } from './unet-config.ts';

/**
 * Makes the U-Net: x [N, C, H, W] → the same shape; the last convolution starts at zero. A noise
 * level or a time that it is told replaces the configuration's time.
 */
export function unet(config: UNetConfig) {
  return (scope: Scope, x: Tensor, told: Told = {}): Tensor => {
    checkShape(config, x);
    const embedding = embed(config, scope, told);
    const blocks = { config, scope, embedding };
    const { h, skips } = descend(blocks, x);
    const [batch, channels, ...sizes] = x.shape as readonly [number, number, ...number[]];
    const { outputChannels = channels } = config;
    const made = ascend(blocks, middle(blocks, h), skips, outputChannels);
    if (outputChannels === channels) return made;
    return slice(made, [0, 0, 0, 0], [batch, channels, ...sizes]);
  };
}

/** What every block shares. */
interface Blocks {
  readonly config: UNetConfig;
  readonly scope: Scope;
  readonly embedding: Tensor | undefined;
}

function embed({ time, modelChannels, ...config }: UNetConfig, scope: Scope, told: Told) {
  const isTold = told.level ?? told.times;
  const own = isTold || time === null ? {} : { times: constant([time]) };
  const options = {
    first: config.timeFirst,
    shift: config.timeShift,
    frequencies: config.timeFrequencies,
    conditionFirst: config.layout === 'song',
  };
  return toldEmbedding(scope, { ...told, ...own }, modelChannels, options);
}

/** The way down: the lowest feature map, and every one on the way in the order it was made. */
function descend(blocks: Blocks, x: Tensor) {
  const { config, scope } = blocks;
  const { channelMult, numResBlocks, resample, downPadding: padding } = config;
  const { attentionResolutions: at, modelChannels, layout } = config;
  const inputs = scope.at('input_blocks');
  const first = layout === 'song' ? modelChannels : channelsOf(config, 0);
  const skips = [conv(inputs.at(0).at(0), x, first)];
  let image = x;
  const last = () => skips.at(-1)!;
  channelMult.forEach((_, level) => {
    for (let i = 0; i < numResBlocks; i++) {
      skips.push(block(blocks, inputs.at(skips.length), last(), channelsOf(config, level), at));
    }
    if (level === channelMult.length - 1) return;
    const place = inputs.at(skips.length).at(0);
    const channels = last().shape[1]!;
    if (resample === 'block') {
      skips.push(residual(blocks, place, last(), channels, 'down'));
    } else if (resample === 'conv') {
      skips.push(
        conv(place.at('op'), last(), channels, { stride: 2, ...(padding && { padding }) }),
      );
    } else skips.push(halve(last()));
    if (config.imageInput === undefined) return;
    const beside = scope.at('input_images').at(level);
    if (config.imageInput === 'residual') {
      image = mul(add(skips.pop()!, shrink(config, beside, image, channels)), Math.SQRT1_2);
      skips.push(image);
    } else {
      image = resize(image, 'down', { filter: config.resampleFilter });
      skips.push(add(skips.pop()!, conv(beside, image, channels, { kernel: 1 })));
    }
  });
  return { h: last(), skips };
}

/** Convolves the image, as far as the filter sees, and halves it. */
function shrink({ resampleFilter }: UNetConfig, place: Scope, x: Tensor, channels: number): Tensor {
  if (resampleFilter !== 'binomial') return halve(conv(place, x, channels));
  return halve(smooth(conv(place, x, channels, { padding: 2 }), 0));
}

function middle(blocks: Blocks, x: Tensor): Tensor {
  const place = blocks.scope.at('middle_block');
  const channels = x.shape[1]!;
  const first = residual(blocks, place.at(0), x, channels);
  const { middleAttention = 'norm' } = blocks.config;
  if (middleAttention === 'none') return residual(blocks, place.at(1), first, channels);
  const mixed = attend(blocks, place.at(1), first, middleAttention === 'plain');
  return residual(blocks, place.at(2), mixed, channels);
}

/**
 * The way up: at each block, the feature map of the way down is put beside the one at hand; then
 * what the network makes, of a number of channels.
 */
function ascend(
  blocks: Blocks,
  x: Tensor,
  skips: readonly Tensor[],
  outputChannels: number,
): Tensor {
  const { config, scope } = blocks;
  const { channelMult, numResBlocks, resample } = config;
  const { attentionResolutions, upAttentionResolutions: at = attentionResolutions } = config;
  const left = [...skips];
  let h = x;
  let made = 0;
  let image: Tensor | undefined;
  const show = (place: Scope) => {
    const own = silu(norm(place.at(0), h, config));
    const shown = conv(place.at(2), own, outputChannels, { zero: true });
    return image ? add(shown, resize(image, 'up', { filter: config.resampleFilter })) : shown;
  };
  for (let level = channelMult.length - 1; level >= 0; level--) {
    const channels = channelsOf(config, level);
    for (let i = 0; i <= numResBlocks; i++) {
      const place = scope.at('output_blocks').at(made++);
      const here = config.layout === 'song' && i < numResBlocks ? [] : at;
      h = block(blocks, place, concat([h, left.pop()!], 1), channels, here);
      if (level === 0 || i < numResBlocks) continue;
      if (config.imageOutput) {
        image = show(scope.at('output_images').at(channelMult.length - 1 - level));
      }
      const after = place.at(attends(at, h) ? 2 : 1);
      if (resample === 'block') h = residual(blocks, after, h, channels, 'up');
      else h = resample === 'conv' ? conv(after.at('conv'), repeat(h), channels) : repeat(h);
    }
  }
  return show(scope.at('out'));
}

/** A residual block, with attention behind it at the resolutions that have it. */
function block(
  blocks: Blocks,
  place: Scope,
  x: Tensor,
  channels: number,
  resolutions: readonly number[],
): Tensor {
  const h = residual(blocks, place.at(0), x, channels);
  return attends(resolutions, h) ? attend(blocks, place.at(1), h) : h;
}

function residual(
  { config, embedding }: Blocks,
  place: Scope,
  x: Tensor,
  channels: number,
  resample?: 'down' | 'up',
): Tensor {
  const { scaleShiftNorm, dropout, resampleFilter: filter } = config;
  const fixed = {
    ...sharedOf(config),
    scaleShiftNorm,
    dropout,
    filter,
    projected: config.layout === 'song',
    ...(resample && { resample }),
  };
  return place.part(
    (scope, [h, given]) => resBlock(scope, h!, channels, { ...fixed, embedding: given }),
    embedding ? [x, embedding] : [x],
  );
}

/** What residual blocks and attention have in common. */
const sharedOf = ({ groups, groupSize, epsilon, layout }: UNetConfig) => ({
  groups,
  groupSize,
  epsilon,
  ...(layout === 'song' && { sumScale: Math.SQRT1_2 }),
});

const attends = (resolutions: readonly number[], { shape }: Tensor) =>
  resolutions.includes(shape[2]!);

function attend({ config }: Blocks, place: Scope, x: Tensor, plain = false): Tensor {
  const { numHeads, numHeadChannels, attentionOrder: order } = config;
  const channels = x.shape[1]!;
  if (numHeadChannels !== undefined && channels % numHeadChannels !== 0) {
    fail('unet', `channels do not split into heads of ${numHeadChannels}`, [x]);
  }
  const heads = numHeadChannels === undefined ? numHeads : channels / numHeadChannels;
  return place.part(
    (scope, [h]) => attention(scope, h!, { ...sharedOf(config), heads, order, plain }),
    [x],
  );
}
