import { type ChainDraws, checkDraws, coordinateOf, meanOf, varianceOf } from './draws.ts';
import { sizeOfMean } from './effective-sample-size.ts';

/** Mean and covariance of draws, with the standard errors that the chains' correlation leaves. */
export interface ChainMoments {
  /** `[d]`. */
  readonly mean: Float64Array;
  /** `[d]`. */
  readonly meanError: Float64Array;
  /** `[d, d]`, or `[d]` where only the diagonal was asked for. */
  readonly covariance: Float64Array;
  /** Of the shape of `covariance`. */
  readonly covarianceError: Float64Array;
}

export interface ChainMomentsOptions {
  /** `full` takes d(d + 1)/2 effective sample sizes, `diagonal` d. Default `full`. */
  readonly covariance?: 'full' | 'diagonal';
}

/**
 * Computes mean and covariance (divided by N − 1) over all draws of all chains. Standard errors are
 * s/√ESS, s the standard deviation and ESS the effective sample size of the quantity averaged: of
 * x_i for a mean, of the products (x_i − x̄_i)(x_j − x̄_j) for a covariance (Vehtari et al. 2021,
 * section 3.2; that x̄ is itself estimated changes the error only by higher orders of 1/ESS). They
 * are 0 for a coordinate that never changes.
 *
 * @throws UserError for fewer than 10 draws per chain or a value that is not finite.
 */
export function chainMoments(
  draws: ChainDraws,
  { covariance = 'full' }: ChainMomentsOptions = {},
): ChainMoments {
  checkDraws('chainMoments', draws, 10);
  const d = draws.shape[2];
  const full = covariance === 'full';
  const size = full ? d * d : d;
  const moments = {
    mean: new Float64Array(d),
    meanError: new Float64Array(d),
    covariance: new Float64Array(size),
    covarianceError: new Float64Array(size),
  };
  const centred = Array.from({ length: full ? d : 0 }, () => [] as Float64Array[]);
  const put = (i: number, j: number, { value, error }: Estimate) => {
    for (const at of full ? [i * d + j, j * d + i] : [i]) {
      moments.covariance[at] = value;
      moments.covarianceError[at] = error;
    }
  };
  for (let i = 0; i < d; i++) {
    const chains = coordinateOf(draws, i);
    const { value, error } = averageOf(chains);
    [moments.mean[i], moments.meanError[i]] = [value, error];
    const deviations = chains.map((chain) => chain.map((x) => x - value));
    if (full) centred[i] = deviations;
    for (let j = full ? 0 : i; j <= i; j++) {
      put(i, j, covarianceOf(deviations, full ? centred[j]! : deviations));
    }
  }
  return moments;
}

interface Estimate {
  readonly value: number;
  readonly error: number;
}

function averageOf(chains: readonly Float64Array[]): Estimate {
  const all = new Float64Array(chains.length * chains[0]!.length);
  for (const [i, chain] of chains.entries()) all.set(chain, i * chain.length);
  return { value: meanOf(all), error: Math.sqrt(varianceOf(all) / sizeOfMean(chains)) };
}

function covarianceOf(a: readonly Float64Array[], b: readonly Float64Array[]): Estimate {
  const { value, error } = averageOf(
    a.map((chain, c) => chain.map((deviation, t) => deviation * b[c]![t]!)),
  );
  const count = a.length * a[0]!.length;
  return { value: (value * count) / (count - 1), error };
}
