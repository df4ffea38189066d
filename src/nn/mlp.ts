import { z } from 'zod';
import { fail, reshape, silu, sizeOf } from '../graph/index.ts';
import { linear } from './linear.ts';
import type { Network } from './scope.ts';

/** A multilayer perceptron for points: `layers` hidden layers of `width` units with SiLU. */
export const mlpSchema = z.strictObject({
  type: z.literal('mlp'),
  width: z.int().min(1),
  layers: z.int().min(0),
});

export type MlpConfig = z.output<typeof mlpSchema>;

/** x [N, ...shape], flattened, → the same shape. The last layer starts at zero. */
export function mlp({ width, layers }: MlpConfig): Network {
  return (scope, x) => {
    if (x.shape.length < 2) fail('mlp', 'takes a batch of examples', [x]);
    const features = sizeOf(x.shape.slice(1));
    let h = reshape(x, [x.shape[0]!, features]);
    for (let layer = 0; layer < layers; layer++) {
      h = silu(linear(scope.at('hidden').at(layer), h, width));
    }
    return reshape(linear(scope.at('out'), h, features, { zero: true }), x.shape);
  };
}
