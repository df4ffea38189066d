import { cast, fail, greater, mul, type Tensor } from '../graph/index.ts';
import type { Scope } from './scope.ts';

/** Values of a random byte. */
const LEVELS = 256;

/**
 * Sets a share of x to zero while training, and scales the rest up to the same mean (Srivastava et
 * al. 2014); gives x itself otherwise. The share is rounded to 1/256.
 */
export function dropout(scope: Scope, x: Tensor, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) fail('dropout', `the rate must be in [0, 1), not ${rate}`, [x]);
  const dropped = Math.min(LEVELS - 1, Math.round(rate * LEVELS));
  const bytes = dropped === 0 ? undefined : scope.randomBytes(x.shape);
  if (bytes === undefined) return x;
  const kept = cast(greater(cast(bytes, 'float32'), dropped - 0.5), 'float32');
  return mul(x, mul(kept, LEVELS / (LEVELS - dropped)));
}
