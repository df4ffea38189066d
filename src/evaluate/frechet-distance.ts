import { UserError } from '../errors.ts';
import { type EngineOptions, product } from './feature-sets.ts';
import type { FeatureStatistics } from './feature-statistics.ts';
import { semidefiniteFactor } from './semidefinite-factor.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

/**
 * Computes the Fréchet distance of two Gaussians, ‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½)
 * (Dowson & Landau 1982, "The Fréchet distance between multivariate normal distributions", equation
 * 4; Heusel et al. 2017 for features of images, where it is called FID): the square of a distance,
 * in squared units of the features.
 *
 * In double precision, and safe for covariances of any rank: with C₁ = L Lᵀ, L of C₁'s own rank,
 * the trace of the root is that of (LᵀC₂L)^½, the sum of the roots of a symmetric matrix's
 * eigenvalues. Eigenvalues that are nothing beside the largest (rounding, also below 0) count as 0,
 * and a distance that rounding takes below 0 is given as 0. An eigenvalue is off by some ε of the
 * largest, λ, so a root near 0 by up to about 1e-7 √λ: with many of them the distance has an error
 * of about 1e-6 of the traces. Equal covariances have the root of their product in closed form, and
 * no such error.
 *
 * @throws UserError where the statistics have different D, are of fewer than 2 examples, have
 * another shape than they say, or are not finite.
 */
export async function frechetDistance(
  a: FeatureStatistics,
  b: FeatureStatistics,
  options: EngineOptions = {},
): Promise<number> {
  checkStatistics('a', a);
  checkStatistics('b', b);
  const dimension = a.mean.length;
  if (b.mean.length !== dimension) {
    throw new UserError(
      `frechetDistance: a has ${dimension} features and b ${b.mean.length}; take both from one network`,
      { code: 'shape', facts: { a: dimension, b: b.mean.length } },
    );
  }
  let distance = 0;
  for (let i = 0; i < dimension; i++) {
    distance += (a.mean[i]! - b.mean[i]!) ** 2;
    distance += a.covariance[i * dimension + i]! + b.covariance[i * dimension + i]!;
  }
  // Fewer examples leave a lower rank, and so less to do.
  const [factored, other] = a.count <= b.count ? [a, b] : [b, a];
  const root = await traceOfRoot(factored.covariance, other.covariance, dimension, options);
  return Math.max(distance - 2 * root, 0);
}

/** tr((C₁^½ C₂ C₁^½)^½) of covariances `[D, D]`. */
async function traceOfRoot(
  c1: Float64Array,
  c2: Float64Array,
  dimension: number,
  { threads }: EngineOptions,
): Promise<number> {
  if (c1.every((value, at) => value === c2[at])) {
    return Array.from({ length: dimension }, (_, i) => c1[i * dimension + i]!).reduce(
      (sum, variance) => sum + variance,
      0,
    );
  }
  const { rank, rows } = await semidefiniteFactor(c1, dimension, { threads });
  if (rank === 0) return 0;
  const half = await product(rows, c2, {
    rows: rank,
    inner: dimension,
    columns: dimension,
    threads,
  });
  const shape = { rows: rank, inner: dimension, columns: rank, transposeB: true, threads };
  const s = await product(half, rows, shape);
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < i; j++) {
      s[i * rank + j] = s[j * rank + i] = (s[i * rank + j]! + s[j * rank + i]!) / 2;
    }
  }
  const eigenvalues = await symmetricEigenvalues(s, rank, { threads });
  const largest = eigenvalues.reduce((most, value) => Math.max(most, value), 0);
  const nothing = NEGLIGIBLE * largest;
  return eigenvalues.reduce((sum, value) => sum + (value > nothing ? Math.sqrt(value) : 0), 0);
}

/** Share of the largest eigenvalue below which others are rounding. */
const NEGLIGIBLE = 4 * Number.EPSILON;

function checkStatistics(name: string, { count, mean, covariance }: FeatureStatistics): void {
  const [subject, dimension] = [`frechetDistance: ${name}`, mean.length];
  if (!(count >= 2)) {
    throw new UserError(
      `${subject}: statistics of ${count} examples; a covariance needs 2 at least, give more`,
      { facts: { statistics: name, count, least: 2 } },
    );
  }
  if (covariance.length !== dimension * dimension || dimension === 0) {
    throw new UserError(
      `${subject}: ${dimension} means and ${covariance.length} covariances; D and D × D are needed`,
      {
        code: 'shape',
        facts: { statistics: name, means: dimension, covariances: covariance.length },
      },
    );
  }
  for (const [what, values] of [
    ['mean', mean],
    ['covariance', covariance],
  ] as const) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    throw new UserError(
      `${subject}: ${what} ${bad} is ${values[bad]}; compute the statistics again from finite features`,
      { facts: { statistics: name, of: what, index: bad, value: values[bad] } },
    );
  }
}
