/** What the tests of diagnostics share: chains whose diagnostics are known in closed form. */
import { fillNormal, randomKey } from '../random.ts';
import type { ChainDraws } from './draws.ts';

/**
 * Stationary chains x_{t+1} = ρ x_t + √(1 − ρ²) ε of variance 1 in each coordinate; ρ = 0 is
 * independent draws.
 */
export function autoregressive(
  seed: number,
  shape: readonly [chains: number, draws: number, dimension: number],
  rho: number,
): ChainDraws {
  const [chains, draws, dimension] = shape;
  const data = new Float64Array(chains * draws * dimension);
  fillNormal(randomKey(seed), 0, data);
  const innovation = Math.sqrt(1 - rho * rho);
  for (let chain = 0; chain < chains; chain++) {
    const first = chain * draws * dimension;
    for (let at = first + dimension; at < first + draws * dimension; at++) {
      data[at] = rho * data[at - dimension]! + innovation * data[at]!;
    }
  }
  return { data, shape };
}

/** Draws of dimension 1 from lists, one for each chain. */
export function drawsOf(...chains: readonly (readonly number[])[]): ChainDraws {
  return { data: Float64Array.from(chains.flat()), shape: [chains.length, chains[0]!.length, 1] };
}
