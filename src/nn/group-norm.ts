import { groupNorm, type Tensor } from '../graph/index.ts';
import { ones, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

/** Group normalisation of x [N, C, ...]. Parameters: weight [C], bias [C]. */
export function norm(scope: Scope, x: Tensor, groups: number): Tensor {
  const channels = x.shape[1]!;
  const weight = scope.parameter('weight', [channels], ones);
  const bias = scope.parameter('bias', [channels], zeros);
  return groupNorm(x, weight, bias, { groups });
}
