/** Multimeasurement Bayes estimators: E[x | y] from any score or energy (papers A and B). */
import type { NumberArray } from '../random.ts';
import { checkLength, rowsOf } from './checks.ts';
import type { GaussianNoise, PoissonNoise } from './noise.ts';
import { symmetricSum } from './sums.ts';

/**
 * Computes E[x | y] from the score of one measurement: x̂ = y_m + σ_m² ∇_{y_m} log p_Y(y) (paper B,
 * the multimeasurement form of Robbins and Miyasawa). Every m gives the same x̂ if the score is the
 * gradient of the M-density; for a learned score the differences show its error.
 *
 * @param score ∇ log p_Y(y), `[n, M, d]`, in units of 1/x.
 * @param y `[n, M, d]`.
 * @param m which measurement, 0..M − 1.
 * @param out receives x̂, `[n, d]`.
 *
 * @throws RangeError when m is not one of the measurements or the sizes disagree.
 */
export function estimateFromScore(
  score: NumberArray,
  y: NumberArray,
  noise: GaussianNoise,
  m: number,
  dimension: number,
  out: NumberArray,
): void {
  const { rows, variance } = prepare(score, y, noise, m, dimension, out);
  for (let row = 0; row < rows; row++) {
    const from = (row * noise.measurements + m) * dimension;
    for (let i = 0; i < dimension; i++) {
      out[row * dimension + i] = y[from + i]! + variance * score[from + i]!;
    }
  }
}

function prepare(
  score: NumberArray,
  y: NumberArray,
  noise: GaussianNoise,
  m: number,
  dimension: number,
  out: NumberArray,
): { readonly rows: number; readonly variance: number } {
  const sigma = noise.sigmas[m];
  if (sigma === undefined) {
    throw new RangeError(`measurement ${m} is not one of 0 to ${noise.measurements - 1}`);
  }
  const rows = rowsOf('y', y, noise.measurements * dimension);
  checkLength('score', score, y.length);
  checkLength('out', out, rows * dimension);
  return { rows, variance: sigma * sigma };
}

/**
 * Computes the precision-weighted mean ȳ = Σ σ_m⁻² y_m / Σ σ_m⁻², the sufficient statistic of x:
 * given it, y says nothing more about x, because Π N(y_m; x, σ_m²) = N(ȳ; x, σ̃²) × (a factor
 * without x). With equal noise it is the mean, and a permutation of the measurements leaves it as
 * it is to the bit.
 *
 * @param y `[n, M, d]`.
 * @param out receives ȳ, `[n, d]`.
 */
export function sufficientMean(
  y: NumberArray,
  noise: GaussianNoise,
  dimension: number,
  out: NumberArray,
): void {
  const width = noise.measurements * dimension;
  const rows = rowsOf('y', y, width);
  checkLength('out', out, rows * dimension);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dimension; i++) {
      out[row * dimension + i] = meanOfColumn(y, row * width + i, noise, dimension);
    }
  }
}

/** Computes the sufficient mean of one coordinate, whose first measurement is at `start`. */
export function meanOfColumn(
  y: NumberArray,
  start: number,
  noise: GaussianNoise,
  dimension: number,
): number {
  const { sigmas, measurements, effectiveSigma, equal } = noise;
  if (equal) return symmetricSum(y, start, measurements, dimension) / measurements;
  let sum = 0;
  for (let m = 0; m < measurements; m++) {
    const sigma = sigmas[m]!;
    sum += y[start + m * dimension]! / (sigma * sigma);
  }
  return sum * effectiveSigma * effectiveSigma;
}

/**
 * Computes E[x | y] for Poisson measurements from ratios of probabilities, x̂_l = ((y_{m,l} + 1)/λ)
 * p_Y(y + e_{m,l})/p_Y(y), for any m (paper B). An energy gives the ratio without its normaliser:
 * exp(f(y) − f(y + e_{m,l})).
 *
 * @param logRatio log p_Y(y + e_{m,l}) − log p_Y(y), `[n, M, d]`.
 * @param y counts, `[n, M, d]`.
 * @param m which measurement, 0..M − 1.
 * @param out receives x̂, `[n, d]`.
 *
 * @throws RangeError when m is not one of the measurements or the sizes disagree.
 */
export function estimateFromRatio(
  logRatio: NumberArray,
  y: NumberArray,
  noise: PoissonNoise,
  m: number,
  dimension: number,
  out: NumberArray,
): void {
  const { measurements, rate } = noise;
  if (!(Number.isInteger(m) && m >= 0 && m < measurements)) {
    throw new RangeError(`measurement ${m} is not one of 0 to ${measurements - 1}`);
  }
  const rows = rowsOf('y', y, measurements * dimension);
  checkLength('logRatio', logRatio, y.length);
  checkLength('out', out, rows * dimension);
  for (let row = 0; row < rows; row++) {
    const from = (row * measurements + m) * dimension;
    for (let i = 0; i < dimension; i++) {
      out[row * dimension + i] = ((y[from + i]! + 1) / rate) * Math.exp(logRatio[from + i]!);
    }
  }
}
