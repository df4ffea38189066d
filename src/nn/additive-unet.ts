import { z } from 'zod';
import { add, fail, silu, type Tensor } from '../graph/index.ts';
import { attention } from './attention.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import { resBlock } from './res-block.ts';
import { depthToSpace, halve, repeat, spaceToDepth } from './resample.ts';
import type { Network, Scope } from './scope.ts';
import { toldEmbedding } from './told.ts';

const count = z.int().min(1);

/**
 * A light U-Net: patches of pixels as channels, and skips that add rather than concatenate. Level l
 * has `modelChannels · channelMult[l]` channels at 1/2ˡ of the resolution left by the patches.
 */
export const additiveUnetSchema = z.strictObject({
  type: z.literal('additive-unet'),
  /** Tiles of patch × patch pixels become channels first (space to depth). */
  patch: count,
  modelChannels: count,
  channelMult: z.array(count).readonly(),
  /** Residual blocks of each level, on the way down and again on the way up; once at the lowest. */
  numResBlocks: z.array(z.int().min(0)).readonly(),
  /** Heights of the levels, after the patches, at which self-attention follows each block. */
  attentionResolutions: z.array(count).readonly(),
  heads: count,
  groups: count,
});

export type AdditiveUNetConfig = z.output<typeof additiveUnetSchema>;

/**
 * Makes the additive U-Net: x [N, C, H, W] → the same shape. The last convolution starts at zero.
 * What it is told scales and shifts the second norm of every block.
 */
export function additiveUnet(config: AdditiveUNetConfig): Network {
  return (scope, x, told = {}) => {
    checkShape(config, x);
    const { patch, modelChannels, groups } = config;
    const embedding = toldEmbedding(scope, told, modelChannels / 2);
    const tiles = spaceToDepth(x, patch);
    const stem = conv(scope.at('in'), tiles, modelChannels * config.channelMult[0]!);
    const h = level({ config, embedding }, scope, stem, 0);
    const out = silu(norm(scope.at('out').at('norm'), h, { groups }));
    return depthToSpace(
      conv(scope.at('out').at('conv'), out, tiles.shape[1]!, { zero: true }),
      patch,
    );
  };
}

/** What every block shares. */
interface Shared {
  readonly config: AdditiveUNetConfig;
  /** Of what the network is told. */
  readonly embedding: Tensor | undefined;
}

/** One level and everything below it. */
function level(shared: Shared, scope: Scope, x: Tensor, depth: number): Tensor {
  const { modelChannels, channelMult, numResBlocks } = shared.config;
  const lowest = depth === channelMult.length - 1;
  const channels = modelChannels * channelMult[depth]!;
  const stack = (name: string, start: Tensor) => {
    let h = start;
    for (let i = 0; i < numResBlocks[depth]!; i++) {
      h = block(shared, scope.at(name).at(depth).at(i), h, channels);
    }
    return h;
  };
  if (lowest) return stack('middle', x);
  const down = stack('down', x);
  const below = modelChannels * channelMult[depth + 1]!;
  const start = conv(scope.at('downsample').at(depth), halve(down), below);
  const inner = level(shared, scope, start, depth + 1);
  return stack('up', add(down, repeat(conv(scope.at('upsample').at(depth), inner, channels))));
}

function block({ config, embedding }: Shared, scope: Scope, x: Tensor, channels: number): Tensor {
  const { groups, heads, attentionResolutions } = config;
  const h = scope.part(
    (place, [z, given]) =>
      resBlock(place, z!, channels, { groups, embedding: given, scaleShiftNorm: true }),
    embedding ? [x, embedding] : [x],
  );
  if (!attentionResolutions.includes(x.shape[2]!)) return h;
  return attention(scope.at('attention'), h, { groups, heads });
}

function checkShape({ patch, channelMult, numResBlocks }: AdditiveUNetConfig, x: Tensor): void {
  if (channelMult.length === 0 || channelMult.length !== numResBlocks.length) {
    fail(
      'additive-unet',
      `channelMult has ${channelMult.length} levels, numResBlocks ${numResBlocks.length}`,
    );
  }
  const unit = patch * 2 ** (channelMult.length - 1);
  const [, , height, width] = x.shape;
  if (x.shape.length !== 4 || height! % unit !== 0 || width! % unit !== 0) {
    fail('additive-unet', `takes images [N, C, H, W] whose sides divide by ${unit}`, [x]);
  }
}
