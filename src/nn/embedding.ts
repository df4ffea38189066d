import {
  add,
  concat,
  constant,
  cos,
  fail,
  mul,
  reshape,
  silu,
  sin,
  type Tensor,
} from '../graph/index.ts';
import { linear } from './linear.ts';
import type { Scope } from './scope.ts';

/** The longest period of `sinusoids`, as in Vaswani et al. 2017. */
const LONGEST = 10_000;

/** How times become sinusoids; networks trained elsewhere differ in it. */
export interface Sinusoids {
  /** What stands first. Default `cos`. */
  readonly first?: 'cos' | 'sin' | undefined;
  /**
   * Frequencies fall to 1/10,000 over `width`/2 less this many steps: 0 (default) ends one step
   * before it, 1 at it.
   */
  readonly shift?: number | undefined;
  /** Radians of each frequency for a unit of time, in place of the `width`/2 of Vaswani et al. */
  readonly frequencies?: readonly number[] | undefined;
}

/**
 * Embeds times [N] → [N, width]: cosines and sines of each time at `width`/2 frequencies from 1
 * down to 1/10,000; of frequencies that are given, [N, 2·their number].
 */
export function sinusoids(
  times: Tensor,
  width: number,
  { first = 'cos', shift = 0, frequencies: given }: Sinusoids = {},
): Tensor {
  if (width % 2 !== 0) fail('sinusoids', `the width must be even, not ${width}`, [times]);
  const half = given?.length ?? width / 2;
  const steps = half - shift;
  const frequencies = Float32Array.from(
    { length: half },
    (_, i) => given?.[i] ?? LONGEST ** (-i / steps),
  );
  const angles = mul(reshape(times, [-1, 1]), constant(frequencies, [1, half]));
  const both = first === 'cos' ? [cos(angles), sin(angles)] : [sin(angles), cos(angles)];
  return concat(both, 1);
}

/** Embeds times [N] → [N, 4·width], by two linear layers on the sinusoids and what is added. */
export function timeEmbedding(
  scope: Scope,
  times: Tensor,
  width: number,
  { added, ...options }: Sinusoids & { readonly added?: Tensor } = {},
): Tensor {
  const waves = sinusoids(times, width, options);
  const hidden = silu(linear(scope.at(0), added ? add(waves, added) : waves, 4 * width));
  return linear(scope.at(2), hidden, 4 * width);
}
