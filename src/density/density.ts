/**
 * The shape that every exact density shares: samples of x, and the density of ȳ = x + σ̃ε in closed
 * form at any σ̃. Adding a density is one file and a line in `index.ts` and `parse.ts`; what it
 * must bring is one function of one point, given to `smoothedDensity`.
 */
import { UserError } from '../errors.ts';
import { fillNormal, foldKey, type Key, type NumberArray } from '../random.ts';
import { checkLength, checkSigma, rowsOf } from './checks.ts';
import type { Denoiser } from './denoiser.ts';

/** A density p_X over x in R^d whose smoothing by Gaussian noise is known exactly. */
export interface Density {
  readonly type: string;
  /** d. */
  readonly dimension: number;
  /** `n` exact draws of x, `[n, d]`; draw i is a function of the key and i alone. */
  sample(key: Key, n: number): Float64Array;
  /**
   * The density of x + σ̃ε. At σ̃ = 0 it is p_X itself, where that has a density.
   *
   * @param sigma σ̃, in units of x.
   * @throws UserError when σ̃ is not a finite number, is below 0, or is 0 for a set of points.
   */
  smooth(sigma: number): SmoothedDensity;
}

/**
 * The density p_σ̃ of ȳ = x + σ̃ε (score and Bayes estimator: paper A, eqs. 3–7). Every
 * function takes a batch `z` `[n, d]`, row-major, float32 or float64, computes in double precision
 * and rounds into `out`; `out` may be `z` where their shapes agree. A z that is not finite gives
 * NaN. Each object owns its work space: do not call one while it is being called.
 */
export interface SmoothedDensity {
  readonly dimension: number;
  /** σ̃, in units of x. */
  readonly sigma: number;
  /** Writes log p_σ̃(z), normalised, into `out` `[n]`. */
  logDensity(z: NumberArray, out: NumberArray): void;
  /** Writes the energy φ(z) = −log p_σ̃(z) into `out` `[n]`. */
  energy(z: NumberArray, out: NumberArray): void;
  /** Writes ∇ log p_σ̃(z) into `out` `[n, d]`. */
  score(z: NumberArray, out: NumberArray): void;
  /** Writes ν(z) = z + σ̃² ∇ log p_σ̃(z) = E[x | ȳ = z] into `out` `[n, d]`. */
  denoise(z: NumberArray, out: NumberArray): void;
}

/** Returns log p_σ̃(point) and writes its gradient into `score`; both arrays are `[d]`. */
export type PointFunction = (point: Float64Array, score: Float64Array) => number;

/** Makes the batch functions of a smoothed density from its function of one point. */
export function smoothedDensity(
  dimension: number,
  sigma: number,
  evaluate: PointFunction,
): SmoothedDensity {
  const point = new Float64Array(dimension);
  const gradient = new Float64Array(dimension);
  const variance = sigma * sigma;

  function values(z: NumberArray, out: NumberArray, sign: 1 | -1): void {
    const rows = rowsOf('z', z, dimension);
    checkLength('out', out, rows);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < dimension; i++) point[i] = z[row * dimension + i]!;
      out[row] = sign * evaluate(point, gradient);
    }
  }
  /** out = keep · z + scale · ∇ log p. */
  function vectors(z: NumberArray, out: NumberArray, keep: number, scale: number): void {
    const rows = rowsOf('z', z, dimension);
    checkLength('out', out, z.length);
    for (let row = 0; row < rows; row++) {
      const from = row * dimension;
      for (let i = 0; i < dimension; i++) point[i] = z[from + i]!;
      evaluate(point, gradient);
      for (let i = 0; i < dimension; i++) out[from + i] = keep * point[i]! + scale * gradient[i]!;
    }
  }
  return {
    dimension,
    sigma,
    logDensity: (z, out) => values(z, out, 1),
    energy: (z, out) => values(z, out, -1),
    score: (z, out) => vectors(z, out, 0, 1),
    denoise: (z, out) => vectors(z, out, 1, variance),
  };
}

/**
 * Checks a noise level σ̃ of smoothing: 0 is none.
 *
 * @throws UserError unless σ̃ is finite and at least 0.
 */
export function checkSmoothing(sigma: number): void {
  if (sigma === 0) return;
  if (Number.isFinite(sigma) && sigma > 0) return;
  throw new UserError(`sigma: ${sigma} is not a noise level; give a finite number of 0 or more`);
}

/**
 * Makes an exact density the Bayes estimator that walks, jumps and metrics take, with log p_σ̃ for
 * kernels that have a Metropolis test.
 *
 * @param sigma σ̃ = σ/√M of the class, in units of x.
 *
 * @throws UserError unless σ̃ is finite and above 0.
 */
export function exactDenoiser(
  density: Density,
  sigma: number,
): Denoiser & Required<Pick<Denoiser, 'logDensity'>> {
  checkSigma(sigma);
  const smoothed = density.smooth(sigma);
  return {
    shape: [density.dimension],
    sigma,
    denoise: async (z, out) => smoothed.denoise(z, out),
    logDensity: async (z, out) => smoothed.logDensity(z, out),
  };
}

/**
 * Draws `n` exact samples of ȳ = x + σ̃ε, `[n, d]`, with the x they belong to.
 *
 * @throws UserError unless σ̃ is finite and above 0.
 */
export function sampleSmoothed(
  density: Density,
  sigma: number,
  key: Key,
  n: number,
): { readonly x: Float64Array; readonly ybar: Float64Array } {
  checkSigma(sigma);
  const x = density.sample(foldKey(key, 0), n);
  const ybar = new Float64Array(x.length);
  fillNormal(foldKey(key, 1), 0, ybar);
  for (let i = 0; i < x.length; i++) ybar[i] = x[i]! + sigma * ybar[i]!;
  return { x, ybar };
}
