import { z } from 'zod';
import { add, fail, mul, reshape, silu, sizeOf, type Tensor } from '../graph/index.ts';
import type { Modulation } from './group-norm.ts';
import { linear } from './linear.ts';
import type { Network } from './scope.ts';
import { modulation, toldEmbedding } from './told.ts';

/** A multilayer perceptron for points: `layers` hidden layers of `width` units with SiLU. */
export const mlpSchema = z.strictObject({
  type: z.literal('mlp'),
  width: z.int().min(1),
  layers: z.int().min(0),
});

export type MlpConfig = z.output<typeof mlpSchema>;

/** Half the frequencies of the embedding of what is told. */
const TOLD_WIDTH = 16;

/**
 * Makes a network of fully connected layers: x [N, ...shape], flattened, → the same shape. The last
 * layer starts at zero. What it is told scales and shifts every hidden layer before its SiLU.
 */
export function mlp({ width, layers }: MlpConfig): Network {
  return (scope, x, told = {}) => {
    if (x.shape.length < 2) fail('mlp', 'takes a batch of examples', [x]);
    const features = sizeOf(x.shape.slice(1));
    let h = reshape(x, [x.shape[0]!, features]);
    const embedding = toldEmbedding(scope, told, TOLD_WIDTH);
    const active = embedding && silu(embedding);
    for (let layer = 0; layer < layers; layer++) {
      const place = scope.at('hidden').at(layer);
      h = linear(place, h, width);
      h = silu(active ? modulate(h, modulation(place.at('emb'), active, width)) : h);
    }
    return reshape(linear(scope.at('out'), h, features, { zero: true }), x.shape);
  };
}

const modulate = (h: Tensor, { scale, shift }: Modulation) => add(mul(h, add(scale, 1)), shift);
