import { z } from 'zod';
import { add, fail, reshape, silu, type Tensor } from '../graph/index.ts';
import { conv1d } from './conv1d.ts';
import { type Modulation, norm } from './group-norm.ts';
import { zeros } from './initialize.ts';
import type { Network, Scope } from './scope.ts';
import { modulation, toldEmbedding } from './told.ts';

const count = z.int().min(1);

/**
 * A stack of residual blocks along a sequence, dilated 1, 2, 4, … (Kalchbrenner et al. 2016,
 * "Neural machine translation in linear time"), not causal, as for proteins (Yang, Fusi & Lu 2022,
 * "Convolutions are competitive with transformers for protein sequence pretraining").
 */
export const bytenetSchema = z.strictObject({
  type: z.literal('bytenet'),
  /** Channels between blocks, and inside them. */
  channels: count,
  hidden: count,
  /** Residual blocks. */
  layers: z.int().min(0),
  /** Positions that a dilated convolution takes, odd. */
  kernel: count.refine((size) => size % 2 === 1, 'must be odd'),
  /** Dilations double from one block to the next up to this, and start again at 1. */
  maxDilation: count,
  /** Groups of the normalisations; divides both numbers of channels. */
  groups: count,
});

export type ByteNetConfig = z.output<typeof bytenetSchema>;

/**
 * Makes a ByteNet: x [N, A, L], letters by positions, → the same shape. Unlike the published
 * networks it normalises by groups of channels over all positions, and adds a learned vector to
 * each position: examples are of one length, so positions have a meaning of their own. The last
 * convolution starts at zero. What it is told scales and shifts the norm before each dilated
 * convolution.
 */
export function bytenet(config: ByteNetConfig): Network {
  return (scope, x, told = {}) => {
    if (x.shape.length !== 3) {
      fail('bytenet', 'takes sequences [N, letters, length]; give it such data', [x]);
    }
    const { channels, groups, layers } = config;
    const [n, letters, length] = x.shape as [number, number, number];
    const position = scope.parameter('position', [channels, length], zeros);
    const rows = reshape(x, [n, letters, 1, length]);
    const embedded = conv1d(scope.at('in'), rows, channels);
    let h = add(embedded, reshape(position, [1, channels, 1, length]));
    const embedding = toldEmbedding(scope, told, config.hidden);
    for (let layer = 0; layer < layers; layer++) {
      const place = scope.at('blocks').at(layer);
      h = place.part(
        (inside, [z, given]) => block(config, inside, z!, dilationOf(config, layer), given),
        embedding ? [h, embedding] : [h],
      );
    }
    const out = scope.at('out');
    const normal = silu(norm(out.at('norm'), h, { groups }));
    return reshape(conv1d(out.at('conv'), normal, letters, { zero: true }), x.shape);
  };
}

/** 1, 2, 4, …, `maxDilation`, 1, 2, … */
function dilationOf({ maxDilation }: ByteNetConfig, layer: number): number {
  const period = Math.floor(Math.log2(maxDilation)) + 1;
  return 2 ** (layer % period);
}

/**
 * x + 1×1(act(dilated(act(1×1(act(x)))))), act being norm and SiLU; the last convolution starts at
 * zero.
 */
function block(
  { channels, hidden, kernel, groups }: ByteNetConfig,
  scope: Scope,
  x: Tensor,
  dilation: number,
  embedding: Tensor | undefined,
): Tensor {
  const act = (name: string, h: Tensor, moved?: Modulation) =>
    silu(norm(scope.at(name).at('norm'), h, { groups }, moved));
  const narrow = conv1d(scope.at('narrow').at('conv'), act('narrow', x), hidden);
  const moved = embedding && modulation(scope.at('emb'), silu(embedding), hidden);
  const mixed = conv1d(scope.at('dilated').at('conv'), act('dilated', narrow, moved), hidden, {
    kernel,
    dilation,
  });
  const wide = conv1d(scope.at('wide').at('conv'), act('wide', mixed), channels, { zero: true });
  return add(x, wide);
}
