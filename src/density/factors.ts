/**
 * How log-concave the factors of an M-density are, where measurements are taken one after another.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { UserError } from '../errors.ts';
import type { NumberArray } from '../random.ts';
import { rowsOf } from './checks.ts';
import type { Density, SmoothedDensity } from './density.ts';

/** A factor: the density of the mean of a block of measurements, given those before. */
export interface FactorPlace {
  /** σ of one measurement. */
  readonly sigma: number;
  /** n, measurements before the block. */
  readonly before: number;
  /** b, measurements in the block. Default 1. */
  readonly size?: number;
}

/**
 * Computes the largest eigenvalue of ∇²_z log p(z | before) for the mean z of a block, at each ȳ of
 * all measurements so far. It is (b/σ²)(b λ/σ² − 1) with λ the largest eigenvalue of Cov(x | ȳ),
 * because the score is (ν(ȳ) − z) b/σ² and ∂ν/∂ȳ = Cov(x | ȳ)/σ̃². The factor is log-concave where
 * it is 0 or less everywhere (Saremi, Park & Bach 2023, "Chain of log-concave Markov chains",
 * section 4).
 *
 * @param ybar ȳ, `[n, d]`.
 * @returns `[n]`, in units of 1/x²; −b/σ² where x is certain.
 *
 * @throws UserError for measurements that are no whole numbers.
 */
export function largestCurvature(
  density: Density,
  { sigma, before, size = 1 }: FactorPlace,
  ybar: NumberArray,
): Float64Array {
  if (!(Number.isSafeInteger(before) && before >= 0 && Number.isSafeInteger(size) && size > 0)) {
    throw new UserError(
      `before: ${before} measurements and a block of ${size} are no factor; give whole numbers`,
      { facts: { option: 'before', before, size } },
    );
  }
  const d = density.dimension;
  const smoothed = density.smooth(sigma / Math.sqrt(before + size));
  const precision = size / (sigma * sigma);
  return Float64Array.from({ length: rowsOf('ybar', ybar, d) }, (_, row) => {
    const covariance = posteriorCovariance(smoothed, ybar.subarray(row * d, (row + 1) * d));
    const { realEigenvalues } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
    return precision * (precision * Math.max(...realEigenvalues) - 1);
  });
}

/** Step of the difference quotient, in units of σ̃: its error is of the order of its square. */
const STEP = 1e-4;

/** Cov(x | ȳ = z) = σ̃² ∂ν/∂z, by central differences of ν in double precision. */
function posteriorCovariance(smoothed: SmoothedDensity, z: NumberArray): Matrix {
  const { dimension: d, sigma } = smoothed;
  const h = STEP * sigma;
  const points = new Float64Array(2 * d * d);
  for (let j = 0; j < d; j++) {
    for (const [k, sign] of [1, -1].entries()) {
      points.set(z, (2 * j + k) * d);
      points[(2 * j + k) * d + j]! += sign * h;
    }
  }
  smoothed.denoise(points, points);
  const slope = (i: number, j: number) =>
    (points[2 * j * d + i]! - points[(2 * j + 1) * d + i]!) / (2 * h);
  return new Matrix(
    Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (__, j) => (sigma * sigma * (slope(i, j) + slope(j, i))) / 2),
    ),
  );
}
