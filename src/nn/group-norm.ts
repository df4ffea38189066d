import { add, groupNorm, mul, reshape, type Tensor } from '../graph/index.ts';
import { ones, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

/**
 * What an embedding makes of a normalised h: h·(1 + scale) + shift, both [N, C], or [1, C] for all
 * examples.
 */
export interface Modulation {
  readonly scale: Tensor;
  readonly shift: Tensor;
}

/** How channels are normalised. */
export interface Groups {
  readonly groups: number;
  /** Channels that a group has at least: where there are few, they make fewer groups. */
  readonly groupSize?: number | undefined;
  /** Added to each variance; default 1e-5. */
  readonly epsilon?: number | undefined;
}

/** Counts the groups of a number of channels. */
export const groupsOf = (channels: number, { groups, groupSize }: Groups): number =>
  groupSize === undefined ? groups : Math.min(groups, Math.floor(channels / groupSize));

/**
 * Normalises x [N, C, ...] by groups of channels (Wu & He 2018). Parameters: weight [C], bias [C].
 */
export function norm(
  scope: Scope,
  x: Tensor,
  { groups: most, groupSize, epsilon }: Groups,
  modulation?: Modulation,
): Tensor {
  const channels = x.shape[1]!;
  const groups = groupsOf(channels, { groups: most, groupSize });
  const options = epsilon === undefined ? { groups } : { groups, epsilon };
  const weight = scope.parameter('weight', [channels], ones);
  const bias = scope.parameter('bias', [channels], zeros);
  if (!modulation) return groupNorm(x, weight, bias, options);
  const factor = add(modulation.scale, 1);
  const { shift } = modulation;
  if (shift.shape[0] !== 1) {
    return groupNorm(x, mul(weight, factor), add(mul(bias, factor), shift), options);
  }
  // The same for all examples: one scale and shift per channel, with no pass over x of their own.
  const scale = mul(weight, reshape(factor, [channels]));
  const offset = add(mul(bias, reshape(factor, [channels])), reshape(shift, [channels]));
  return groupNorm(x, scale, offset, options);
}
