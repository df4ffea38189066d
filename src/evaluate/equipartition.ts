import { UserError } from '../errors.ts';
import { mapInto } from '../map-into.ts';
import type { NumberArray } from '../random.ts';
import { type ChainDraws, checkDraws, coordinateOf, meanOf, varianceOf } from './draws.ts';
import { sizeOfMean } from './effective-sample-size.ts';

/** Equipartition of a walk: 1 in every coordinate where it has the law whose score it was given. */
export interface Equipartition {
  /** Mean of −(y_i − c_i) ∂_i log p(y), `[d]`. */
  readonly values: Float64Array;
  /** Standard errors of these, `[d]`; from the effective sample size of each. */
  readonly errors: Float64Array;
  /** Mean over coordinates, and its standard error. */
  readonly mean: number;
  readonly error: number;
}

/**
 * Measures equipartition, E[−(y_i − c_i) ∂_i log p(y)] = 1 for any constant c (integrate by parts):
 * a monitor of bias that needs the score alone and holds for every kernel (used to tune samplers
 * without an accept test in LAPS, arXiv 2601.16696). Above 1 the walk spreads too far, below 1 it
 * has not spread yet. On a Gaussian it is the variance over the exact one. Here c is the mean of
 * the draws, which costs 1/N of bias, or what is given.
 *
 * @param scores ∂ log p at the draws, of their shape.
 * @param centre c, `[d]`.
 *
 * @throws UserError for fewer than 10 draws per chain, another size, or a value that is not finite.
 */
export function equipartition(
  draws: ChainDraws,
  scores: NumberArray,
  centre?: ArrayLike<number>,
): Equipartition {
  checkDraws('equipartition', draws, 10);
  checkDraws('equipartition', { data: scores, shape: draws.shape }, 10);
  const [chains, count, d] = draws.shape;
  if (centre !== undefined && centre.length !== d) {
    throw new UserError(
      `equipartition: the centre has ${centre.length} numbers, and draws have ${d}; give one for each`,
      { code: 'shape', facts: { option: 'centre', length: centre.length, dimension: d } },
    );
  }
  const whole = Array.from({ length: chains }, () => new Float64Array(count));
  const [values, errors] = [new Float64Array(d), new Float64Array(d)];
  for (let i = 0; i < d; i++) {
    const positions = coordinateOf(draws, i);
    const slopes = coordinateOf({ data: scores, shape: draws.shape }, i);
    const c = centre?.[i] ?? meanOf(positions.map(meanOf));
    const products = positions.map((y, chain) =>
      y.map((value, t) => -(value - c) * slopes[chain]![t]!),
    );
    const found = meanWithError(products);
    values[i] = found.mean;
    errors[i] = found.error;
    products.forEach((series, chain) => {
      for (let t = 0; t < count; t++) whole[chain]![t]! += series[t]! / d;
    });
  }
  return { values, errors, ...meanWithError(whole) };
}

/**
 * Computes the mean over all draws of all chains, and its standard error from their effective
 * sample size.
 */
export function meanWithError(chains: readonly Float64Array[]): {
  readonly mean: number;
  readonly error: number;
} {
  const all = Float64Array.from(chains.flatMap((chain) => [...chain]));
  return { mean: meanOf(all), error: Math.sqrt(varianceOf(all) / sizeOfMean(chains)) };
}

/**
 * Computes the score of p_σ̃ at ȳ from a jump, (x̂ − ȳ)/σ̃²: no further call of ν is needed.
 *
 * @param sigma σ̃.
 */
export function scoresOfJumps(ybar: NumberArray, xhat: NumberArray, sigma: number): Float64Array {
  return mapInto(
    new Float64Array(ybar.length),
    ybar,
    (value, i) => (xhat[i]! - value) / (sigma * sigma),
  );
}
