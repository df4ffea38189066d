import { add, groupNorm, mul, reshape, type Tensor } from '../graph/index.ts';
import { ones, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

/** What an embedding makes of a normalised h: h·(1 + scale) + shift, both [N, C], or [1, C] for all examples. */
export interface Modulation {
  readonly scale: Tensor;
  readonly shift: Tensor;
}

/** Group normalisation of x [N, C, ...]. Parameters: weight [C], bias [C]. */
export function norm(scope: Scope, x: Tensor, groups: number, modulation?: Modulation): Tensor {
  const channels = x.shape[1]!;
  const weight = scope.parameter('weight', [channels], ones);
  const bias = scope.parameter('bias', [channels], zeros);
  if (!modulation) return groupNorm(x, weight, bias, { groups });
  const factor = add(modulation.scale, 1);
  const { shift } = modulation;
  if (shift.shape[0] !== 1) {
    const perExample = [x.shape[0]!, channels, ...x.shape.slice(2).map(() => 1)];
    const normal = groupNorm(x, weight, bias, { groups });
    return add(mul(normal, reshape(factor, perExample)), reshape(shift, perExample));
  }
  // The same for all examples: one scale and shift per channel, with no pass over x of their own.
  const scale = mul(weight, reshape(factor, [channels]));
  const offset = add(mul(bias, reshape(factor, [channels])), reshape(shift, [channels]));
  return groupNorm(x, scale, offset, { groups });
}
