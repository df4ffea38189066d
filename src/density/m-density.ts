import type { NumberArray } from '../random.ts';
import { checkLength, rowsOf } from './checks.ts';
import type { Density } from './density.ts';
import { meanOfColumn } from './estimator.ts';
import type { GaussianNoise } from './noise.ts';

/**
 * The M-density p_Y over y in R^{Md} of an exact density and Gaussian noise, equal or not. Arrays
 * are row-major, float32 or float64; all is computed in double precision. Each object owns its work
 * space.
 */
export interface MDensity {
  readonly type: 'gaussian';
  readonly density: Density;
  readonly noise: GaussianNoise;
  /** M·d. */
  readonly dimension: number;
  /** Writes log p_Y(y), normalised, into `out` `[n]`; y is `[n, M, d]`. */
  logDensity(y: NumberArray, out: NumberArray): void;
  /** Writes the energy f(y) = −log p_Y(y) into `out` `[n]`. */
  energy(y: NumberArray, out: NumberArray): void;
  /** Writes ∇ log p_Y(y) into `out` `[n, M, d]`, which may be y. */
  score(y: NumberArray, out: NumberArray): void;
  /** Writes x̂ = E[x | y] into `out` `[n, d]`. */
  estimate(y: NumberArray, out: NumberArray): void;
}

/**
 * Makes p_Y in closed form (paper A, section 3, here for any σ_m). With ȳ the precision-weighted
 * mean and σ̃⁻² = Σ σ_m⁻², Π_m N(y_m; x, σ_m²I) = N(ȳ; x, σ̃²I) · R(y), where log R = −½ Σ
 * ‖y_m − ȳ‖²/σ_m² − (d/2)(Σ log 2πσ_m² − log 2πσ̃²) holds no x. Hence
 *
 *     log p_Y(y) = log p_σ̃(ȳ) + log R(y)
 *     E[x | y] = ν(ȳ)
 *     ∇_{y_m} log p_Y = (ν(ȳ) − y_m)/σ_m²
 */
export function mDensity(density: Density, noise: GaussianNoise): MDensity {
  const d = density.dimension;
  const { measurements, sigmas, effectiveSigma } = noise;
  const width = measurements * d;
  const smoothed = density.smooth(effectiveSigma);
  const precisions = Float64Array.from(sigmas, (sigma) => 1 / (sigma * sigma));
  const logVariance = (sigma: number) => Math.log(2 * Math.PI * sigma * sigma);
  const constant =
    (d / 2) *
    (sigmas.reduce((sum, sigma) => sum + logVariance(sigma), 0) - logVariance(effectiveSigma));
  const mean = new Float64Array(d);
  const estimate = new Float64Array(d);
  const value = new Float64Array(1);

  /** Sets `mean` to ȳ of one row. */
  function average(y: NumberArray, row: number): void {
    for (let i = 0; i < d; i++) mean[i] = meanOfColumn(y, row * width + i, noise, d);
  }
  function values(y: NumberArray, out: NumberArray, sign: 1 | -1): void {
    const rows = rowsOf('y', y, width);
    checkLength('out', out, rows);
    for (let row = 0; row < rows; row++) {
      average(y, row);
      smoothed.logDensity(mean, value);
      let squares = 0;
      for (let m = 0, at = row * width; m < measurements; m++) {
        for (let i = 0; i < d; i++, at++) squares += precisions[m]! * (y[at]! - mean[i]!) ** 2;
      }
      out[row] = sign * (value[0]! - squares / 2 - constant);
    }
  }
  return {
    type: 'gaussian',
    density,
    noise,
    dimension: width,
    logDensity: (y, out) => values(y, out, 1),
    energy: (y, out) => values(y, out, -1),
    score(y, out) {
      checkLength('out', out, y.length);
      for (let row = 0, rows = rowsOf('y', y, width); row < rows; row++) {
        average(y, row);
        smoothed.denoise(mean, estimate);
        for (let m = 0, at = row * width; m < measurements; m++) {
          for (let i = 0; i < d; i++, at++) out[at] = precisions[m]! * (estimate[i]! - y[at]!);
        }
      }
    },
    estimate(y, out) {
      const rows = rowsOf('y', y, width);
      checkLength('out', out, rows * d);
      for (let row = 0; row < rows; row++) {
        average(y, row);
        smoothed.denoise(mean, estimate);
        for (let i = 0; i < d; i++) out[row * d + i] = estimate[i]!;
      }
    },
  };
}
