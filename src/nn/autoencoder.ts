import { z } from 'zod';
import { fail, reshape, silu, sizeOf, slice, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import { linear } from './linear.ts';
import { resBlock } from './res-block.ts';
import { depthToSpace, halve, repeat, spaceToDepth } from './resample.ts';
import type { Scope } from './scope.ts';

const count = z.int().min(1);

/** A variational autoencoder of points, or of images as vectors. */
export const mlpAutoencoderSchema = z.strictObject({
  type: z.literal('mlp-autoencoder'),
  width: count,
  layers: count,
  /** Dimensions of the latent code. */
  latent: count,
});

/** A variational autoencoder of images: residual blocks at falling resolutions, and back. */
export const convAutoencoderSchema = z.strictObject({
  type: z.literal('conv-autoencoder'),
  /** Tiles of patch × patch pixels become channels first (space to depth). */
  patch: count,
  /** Channels of each level; the resolution halves from one to the next. */
  channels: z.array(count).min(1).readonly(),
  latent: count,
  groups: count,
});

export type MlpAutoencoderConfig = z.output<typeof mlpAutoencoderSchema>;
export type ConvAutoencoderConfig = z.output<typeof convAutoencoderSchema>;

/** The law of the code that an encoder gives, N(mean, diag exp(logVariance)), both [N, latent]. */
export interface Code {
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

/** The two halves of an autoencoder, as functions of their parameters. */
export interface Autoencoder {
  readonly latent: number;
  /** What is seen [N, ...] → the law of its code, N(0, I) before training. */
  encode(scope: Scope, seen: Tensor): Code;
  /** Codes [N, latent] → examples [N, ...shape], 0 before training. */
  decode(scope: Scope, code: Tensor, shape: readonly number[]): Tensor;
}

/**
 * Makes an autoencoder of fully connected layers: what is seen [N, ...], flattened, → the law of a
 * code [N, latent], and codes → examples [N, ...shape]. The last layer of the decoder starts at
 * zero.
 */
export function mlpAutoencoder({ width, layers, latent }: MlpAutoencoderConfig): Autoencoder {
  const hidden = (scope: Scope, start: Tensor) => {
    let h = start;
    for (let layer = 0; layer < layers; layer++) {
      h = silu(linear(scope.at('hidden').at(layer), h, width));
    }
    return h;
  };
  return {
    latent,
    encode: (scope, seen) => {
      const flat = reshape(seen, [seen.shape[0]!, sizeOf(seen.shape.slice(1))]);
      return codeOf(scope, hidden(scope, flat), latent);
    },
    decode: (scope, code, shape) => {
      const flat = linear(scope.at('out'), hidden(scope, code), sizeOf(shape), { zero: true });
      return reshape(flat, [code.shape[0]!, ...shape]);
    },
  };
}

/**
 * Makes a convolutional autoencoder: what is seen [N, C, H, W] → the law of a code [N, latent], and
 * codes → examples [N, ...shape]. The last convolution of the decoder starts at zero.
 */
export function convAutoencoder(config: ConvAutoencoderConfig): Autoencoder {
  const { patch, channels, latent, groups } = config;
  const last = channels.at(-1)!;
  return {
    latent,
    encode: (scope, seen) => {
      checkSides(config, seen);
      let h = conv(scope.at('in'), spaceToDepth(seen, patch), channels[0]!);
      channels.forEach((size, level) => {
        const place = scope.at('levels').at(level);
        if (level > 0) h = conv(place.at('downsample'), halve(h), size);
        h = resBlock(place.at('block'), h, size, { groups });
      });
      const activated = silu(norm(scope.at('norm'), h, { groups }));
      return codeOf(scope, reshape(activated, [h.shape[0]!, sizeOf(h.shape.slice(1))]), latent);
    },
    decode: (scope, code, shape) => {
      const unit = patch * 2 ** (channels.length - 1);
      const [height, width] = [shape[1]! / unit, shape[2]! / unit];
      const start = linear(scope.at('in'), code, last * height * width);
      let h = reshape(start, [code.shape[0]!, last, height, width]);
      for (let level = channels.length - 1; level >= 0; level--) {
        const place = scope.at('levels').at(level);
        h = resBlock(place.at('block'), h, channels[level]!, { groups });
        if (level > 0) h = repeat(conv(place.at('upsample'), h, channels[level - 1]!));
      }
      const activated = silu(norm(scope.at('out').at('norm'), h, { groups }));
      const tiles = conv(scope.at('out').at('conv'), activated, shape[0]! * patch * patch, {
        zero: true,
      });
      return depthToSpace(tiles, patch);
    },
  };
}

function codeOf(scope: Scope, h: Tensor, latent: number): Code {
  const both = linear(scope.at('code'), h, 2 * latent, { zero: true });
  const rows = h.shape[0]!;
  return {
    mean: slice(both, [0, 0], [rows, latent]),
    logVariance: slice(both, [0, latent], [rows, 2 * latent]),
  };
}

function checkSides({ patch, channels }: ConvAutoencoderConfig, x: Tensor): void {
  const unit = patch * 2 ** (channels.length - 1);
  const [, , height, width] = x.shape;
  if (x.shape.length === 4 && height! % unit === 0 && width! % unit === 0) return;
  fail('conv-autoencoder', `takes images [N, C, H, W] whose sides divide by ${unit}`, [x]);
}
