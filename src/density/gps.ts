/**
 * GPS(M, σ): the score of an M-density from the Bayes estimator ν of its mean, and the algebra of
 * universality classes (paper A: Saremi, Srivastava & Bach 2023, "Universal Smoothed Score
 * Functions for Generative Modeling", section 3).
 */
import type { NumberArray } from '../random.ts';
import { checkLength, checkMeasurements, checkSigma } from './checks.ts';
import { sumsAreExact, symmetricSum } from './sums.ts';

/** All noise models whose measurements have a mean of the same law: [σ̃] = {(M, σ): σ/√M = σ̃}. */
export interface UniversalityClass {
  /** σ̃ = σ/√M, in units of x: the noise of ȳ, which every member shares. */
  readonly effectiveSigma: number;
  /** The noise σ = σ̃√M of one measurement in the member with `measurements` = M. */
  members(measurements: number): number;
}

/**
 * Computes the effective noise σ̃ = σ/√M: the mean ȳ of M measurements has the law of x + σ̃ ε.
 *
 * @param sigma noise σ of one measurement, in units of x.
 *
 * @throws UserError unless σ is finite and above 0 and M is a whole number of at least 1.
 */
export function effectiveNoise(sigma: number, measurements: number): number {
  checkSigma(sigma);
  checkMeasurements(measurements);
  return sigma / Math.sqrt(measurements);
}

/**
 * Computes the universality class of the noise model (M, σ). One ν serves all its members (paper A,
 * proposition 2): train at M = 1 with σ = σ̃, sample at any M with σ = σ̃√M.
 *
 * @throws UserError unless σ is finite and above 0 and M is a whole number of at least 1.
 */
export function universalityClass(measurements: number, sigma: number): UniversalityClass {
  const effectiveSigma = effectiveNoise(sigma, measurements);
  return {
    effectiveSigma,
    members(m) {
      checkMeasurements(m);
      return effectiveSigma * Math.sqrt(m);
    },
  };
}

/**
 * Computes ȳ, the mean of the measurements of each chain, the same to the bit when they are
 * permuted (paper A, proposition 1).
 *
 * @param y `[chains, M, d]`.
 * @param measurements M.
 * @param out receives ȳ, `[chains, d]`; made if not given.
 * @returns `out`.
 */
export function meanOfMeasurements(
  y: Float32Array,
  measurements: number,
  dimension: number,
  out: Float32Array = new Float32Array(y.length / measurements),
): Float32Array {
  checkLength('out', out, y.length / measurements);
  if (measurements === 1) {
    out.set(y);
    return out;
  }
  const width = measurements * dimension;
  for (let chain = 0; chain * width < y.length; chain++) {
    const from = chain * width;
    const to = chain * dimension;
    const exact = sumsAreExact(y, from, from + width, measurements);
    for (let i = 0; i < dimension; i++) {
      let sum = 0;
      if (exact) for (let at = from + i; at < from + width; at += dimension) sum += y[at]!;
      else sum = symmetricSum(y, from + i, measurements, dimension);
      out[to + i] = sum / measurements;
    }
  }
  return out;
}

/**
 * Computes the score of GPS(M, σ): ∇_{y_m} log p_Y(y) = (ν(ȳ) − y_m)/σ² for every measurement m
 * (paper A, section 3).
 *
 * @param estimate ν(ȳ), `[chains, d]`.
 * @param y `[chains, M, d]`.
 * @param sigma noise σ of one measurement, in units of x.
 * @param out receives the score, `[chains, M, d]`, in units of 1/x; it may be `y` itself.
 */
export function gpsScore(
  estimate: Float32Array,
  y: Float32Array,
  sigma: number,
  measurements: number,
  dimension: number,
  out: Float32Array,
): void {
  checkLength('estimate', estimate, y.length / measurements);
  checkLength('out', out, y.length);
  const precision = 1 / (sigma * sigma);
  for (let row = 0; row * dimension < y.length; row++) {
    const from = row * dimension;
    const mean = Math.floor(row / measurements) * dimension;
    for (let i = 0; i < dimension; i++) {
      out[from + i] = (estimate[mean + i]! - y[from + i]!) * precision;
    }
  }
}

/**
 * Computes log p_Y(y) of GPS(M, σ) from log p_σ̃(ȳ), normalised if that is: minus the energy
 * f(y) = Σ‖y_m − ȳ‖²/(2σ²) + φ(ȳ) (paper A, section 3) and minus the logarithm of the residuals'
 * Gaussian normaliser, (d/2)((M − 1) log 2πσ² + log M).
 *
 * @param logDensityOfMean log p_σ̃(ȳ), `[chains]`.
 * @param y `[chains, M, d]`.
 * @param sigma noise σ of one measurement, in units of x.
 * @param out receives log p_Y(y), `[chains]`; it may be `logDensityOfMean`.
 */
export function gpsLogDensity(
  logDensityOfMean: NumberArray,
  y: NumberArray,
  sigma: number,
  measurements: number,
  dimension: number,
  out: NumberArray,
): void {
  const width = measurements * dimension;
  checkLength('logDensityOfMean', logDensityOfMean, y.length / width);
  checkLength('out', out, y.length / width);
  const constant =
    (dimension / 2) *
    ((measurements - 1) * Math.log(2 * Math.PI * sigma * sigma) + Math.log(measurements));
  for (let chain = 0; chain < out.length; chain++) {
    const from = chain * width;
    let squares = 0;
    for (let i = 0; i < dimension; i++) {
      const mean = symmetricSum(y, from + i, measurements, dimension) / measurements;
      for (let at = from + i; at < from + width; at += dimension) squares += (y[at]! - mean) ** 2;
    }
    out[chain] = logDensityOfMean[chain]! - squares / (2 * sigma * sigma) - constant;
  }
}
