import { z } from 'zod';
import type { NamedArray } from '../../data/safetensors.ts';
import { mul, reduceMean, reshape, silu, sizeOf, sub, type Tensor } from '../../graph/index.ts';
import {
  conv,
  linear,
  type Network,
  norm,
  type ParameterSpec,
  resBlock,
  type Scope,
  spaceToDepth,
} from '../../nn/index.ts';

/** What a file records of its classifier; enough to build it again. */
export const classifierSchema = z.strictObject({
  /** Shape of one image, `[channels, height, width]`. */
  shape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]),
  /** Side of the tiles of pixels that become channels at the start. */
  patch: z.int().min(1),
  /** Channels of each stage; each but the first has half the resolution of the one before. */
  channels: z.array(z.int().min(1)).min(1),
  /** Residual blocks of each stage. */
  blocks: z.int().min(1),
  /** Groups of every normalisation. */
  groups: z.int().min(1),
  /** Number of classes K. */
  classes: z.int().min(2),
});

export type ClassifierConfig = z.output<typeof classifierSchema>;

/** What a classifier makes of a batch of n images. */
export interface Classification {
  /** The last layer before the classes, `[n, D]`, D the channels of the last stage. */
  readonly features: Tensor;
  /** Unnormalised log-probabilities, `[n, K]`. */
  readonly logits: Tensor;
}

/**
 * Builds a small residual network (pre-activation, He et al. 2016b, with group normalisation and
 * SiLU) of images in [0, 1]: tiles of pixels to channels, stages of `nn`'s residual blocks, the
 * mean over all positions, a linear layer. SiLU is smooth and has no dead half, so every feature
 * varies and their covariance keeps full rank. Every row depends on its image alone.
 *
 * @param images `[n, ...shape]`.
 * @throws GraphError where `patch` and the stages do not divide height and width, or `groups` the
 * channels.
 */
export function classify(
  { patch, channels, blocks, groups, classes }: ClassifierConfig,
  scope: Scope,
  images: Tensor,
): Classification {
  let h = conv(scope.at('in'), spaceToDepth(sub(mul(images, 2), 1), patch), channels[0]!);
  for (const [stage, width] of channels.entries()) {
    for (let block = 0; block < blocks; block++) {
      const down = stage > 0 && block === 0;
      const options = { groups, ...(down && { resample: 'down' as const }) };
      h = resBlock(scope.at('stages').at(stage).at(block), h, width, options);
    }
  }
  const activated = silu(norm(scope.at('norm'), h, { groups }));
  const features = reshape(reduceMean(activated, [2, 3]), [images.shape[0]!, channels.at(-1)!]);
  return { features, logits: linear(scope.at('out'), features, classes) };
}

/** Wraps the classifier as a network, images to logits: what lists its parameters. */
export function classifierNetwork(config: ClassifierConfig): Network {
  return (scope, images) => classify(config, scope, images).logits;
}

/** Names the parameters of a flat vector [P] in the order of `specs`: views of it. */
export function nameParameters(
  specs: readonly ParameterSpec[],
  values: Float32Array,
): Record<string, NamedArray> {
  let end = 0;
  return Object.fromEntries(
    specs.map(({ name, shape }) => {
      const start = end;
      end += sizeOf(shape);
      return [name, { shape, data: values.subarray(start, end) }];
    }),
  );
}

/**
 * Counts the pixels of the image that one position of the last stage stands for, in each direction.
 */
export const coarsest = ({ patch, channels }: ClassifierConfig) =>
  patch * 2 ** (channels.length - 1);
