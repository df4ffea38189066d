import { UserError } from '../errors.ts';
import {
  type ChainDraws,
  checkDraws,
  coordinateOf,
  isConstant,
  meanOf,
  perCoordinate,
  varianceOf,
} from './draws.ts';
import { fft, powerOfTwoFrom } from './fft.ts';

/** How to cut off the noisy tail of the autocorrelation. */
export interface AutocorrelationTimeOptions {
  /**
   * `geyer`: the initial monotone sequence (Geyer 1992, "Practical Markov chain Monte Carlo",
   * section 3.3), right for reversible chains and cautious for others. `sokal`: the first lag W
   * with W ≥ c τ(W) (Sokal 1997, "Monte Carlo methods in statistical mechanics", section 3), and no
   * less than c, which only alternating chains would stop short of. Default `geyer`.
   */
  readonly window?: 'geyer' | 'sokal';
  /** c of Sokal's window, above 0. Default 5. */
  readonly sokalFactor?: number;
}

/**
 * Estimates the integrated autocorrelation time τ = 1 + 2 Σ_{t≥1} ρ_t of each coordinate, in draws:
 * N draws say as much about the mean as N/τ independent ones. Chains are judged together (see
 * `autocorrelation`), so that chains which stay apart count as slow.
 *
 * At least 1/log₁₀ N, N = chains × draws, as for the effective sample size. A coordinate that is
 * one value in all draws gets N, the slowest there is: whether the walk is stuck or the coordinate
 * fixed cannot be told from its draws. Where Sokal's window is never met, the sum over all lags;
 * such a τ is no smaller than draws/c, and the chains are too short to know it.
 *
 * @returns `[d]`.
 * @throws UserError for fewer than 5 draws per chain or a value that is not finite.
 */
export function autocorrelationTime(
  draws: ChainDraws,
  { window = 'geyer', sokalFactor = 5 }: AutocorrelationTimeOptions = {},
): Float64Array {
  checkDraws('autocorrelationTime', draws, 5);
  if (!(sokalFactor > 0)) {
    throw new UserError(`autocorrelationTime: sokalFactor ${sokalFactor} is not above 0`, {
      facts: { option: 'sokalFactor', value: sokalFactor },
    });
  }
  return perCoordinate(draws, (chains) =>
    timeOf(chains, window === 'geyer' ? geyerTime : (rho) => sokalTime(rho, sokalFactor)),
  );
}

/**
 * Estimates the autocorrelation ρ_t of one coordinate, the chains combined (Vehtari, Gelman,
 * Simpson, Carpenter & Bürkner 2021, "Rank-normalization, folding, and localization", equation 10,
 * with the biased autocovariances that Stan and ArviZ use): 1 − (W − mean of the chains'
 * autocovariances)/var⁺. It stays high at long lags where the chains' means differ.
 *
 * @returns `[draws]`, from lag 0; all 1 where every draw is the same value.
 * @throws UserError for fewer than 2 draws per chain or a value that is not finite.
 */
export function autocorrelation(draws: ChainDraws, coordinate = 0): Float64Array {
  checkDraws('autocorrelation', draws, 2);
  const dimension = draws.shape[2];
  if (!Number.isInteger(coordinate) || coordinate < 0 || coordinate >= dimension) {
    throw new UserError(
      `autocorrelation: coordinate ${coordinate} is not one of 0 to ${dimension - 1}`,
      { facts: { option: 'coordinate', value: coordinate, least: 0, most: dimension - 1 } },
    );
  }
  return combinedAutocorrelation(coordinateOf(draws, coordinate));
}

/**
 * Computes the autocovariances of chains of one length n, each about its own mean and divided by n,
 * averaged over the chains. By the fast Fourier transform of the series padded with zeros, two
 * chains at a time as the real and the imaginary part.
 *
 * @returns `[n]`, from lag 0.
 */
export function autocovariance(chains: readonly Float64Array[]): Float64Array {
  const n = chains[0]!.length;
  const size = powerOfTwoFrom(2 * n);
  const power = new Float64Array(size);
  for (let chain = 0; chain < chains.length; chain += 2) {
    const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
    centre(chains[chain]!, real);
    if (chain + 1 < chains.length) centre(chains[chain + 1]!, imaginary);
    fft(real, imaginary);
    for (let k = 0; k < size; k++) power[k]! += real[k]! ** 2 + imaginary[k]! ** 2;
  }
  // The real part of the way back takes the even part of the power: the sum over all chains.
  fft(power, new Float64Array(size));
  return power.slice(0, n).map((sum) => sum / (size * n * chains.length));
}

function centre(series: Float64Array, out: Float64Array): void {
  const mean = meanOf(series);
  for (let t = 0; t < series.length; t++) out[t] = series[t]! - mean;
}

function combinedAutocorrelation(chains: readonly Float64Array[]): Float64Array {
  const n = chains[0]!.length;
  const covariances = autocovariance(chains);
  const within = (covariances[0]! * n) / (n - 1);
  const between = chains.length > 1 ? varianceOf(chains.map(meanOf)) : 0;
  const total = covariances[0]! + between;
  if (total === 0) return new Float64Array(n).fill(1);
  const rho = covariances.map((covariance) => 1 - (within - covariance) / total);
  rho[0] = 1;
  return rho;
}

/** Estimates τ of chains of one coordinate with a rule that sums ρ; see `autocorrelationTime`. */
export function timeOf(
  chains: readonly Float64Array[],
  rule: (rho: Float64Array) => number = geyerTime,
): number {
  const count = chains.length * chains[0]!.length;
  if (isConstant(chains)) return count;
  return Math.max(rule(combinedAutocorrelation(chains)), 1 / Math.log10(count));
}

/**
 * Sums ρ in pairs ρ_{2k} + ρ_{2k+1} up to the first that is not positive, no pair above the one
 * before. The even member of the pair that ends the sum is added once if positive, which matters
 * for alternating chains (the estimator of Stan and ArviZ).
 */
function geyerTime(rho: Float64Array): number {
  let pair = 1 + rho[1]!;
  let sum = 0;
  let lag = 0;
  while (pair > 0 && lag + 4 < rho.length) {
    sum += pair;
    lag += 2;
    const next = rho[lag]! + rho[lag + 1]!;
    pair = Math.min(next, pair);
  }
  return -1 + 2 * sum + Math.max(rho[lag]!, 0);
}

function sokalTime(rho: Float64Array, factor: number): number {
  let time = 1;
  for (let lag = 1; lag < rho.length; lag++) {
    time += 2 * rho[lag]!;
    if (lag >= factor * Math.max(time, 1)) break;
  }
  return time;
}
