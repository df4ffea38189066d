/** What the tests of measures on features share. */
import { readFileSync } from 'node:fs';
import { fillNormal, randomKey } from '../random.ts';
import type { FeatureStatistics } from './feature-statistics.ts';

interface Manifolds {
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
}

interface Fixture {
  readonly scipy: string;
  readonly cases: readonly {
    readonly name: string;
    readonly dimension: number;
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly meanA: readonly number[];
    /** Its first row. */
    readonly covarianceA: readonly number[];
    /** By singular values, and by scipy's square root of a matrix. */
    readonly frechet: number;
    readonly frechetSqrtm: number;
    readonly kernel: number;
    readonly manifolds3: Manifolds;
    readonly manifolds5: Manifolds;
  }[];
}

/** Made by `bench/peers/distances.py` with numpy and scipy. */
export const fixture: Fixture = JSON.parse(
  readFileSync(new URL('./fixtures/distances.json', import.meta.url), 'utf8'),
);

/** Standard normal features `[n, D]`, scaled and shifted. */
export function normalFeatures(
  seed: number,
  count: number,
  dimension: number,
  { scale = 1, shift = 0 } = {},
): Float32Array {
  const features = new Float32Array(count * dimension);
  fillNormal(randomKey(seed), 0, features);
  return features.map((x) => scale * x + shift);
}

/** Statistics of a law, as of many examples; the covariance a diagonal or a whole matrix. */
export function statisticsOf(
  mean: readonly number[],
  covariance: readonly number[],
  count = 1e6,
): FeatureStatistics {
  const d = mean.length;
  const whole = Float64Array.from({ length: d * d }, (_, at) => {
    if (covariance.length === d * d) return covariance[at]!;
    return at % (d + 1) === 0 ? covariance[at / (d + 1)]! : 0;
  });
  return { count, mean: Float64Array.from(mean), covariance: whole };
}

/** A rotation of d dimensions, `[d, d]`: reflections at random vectors, one for each. */
export function rotation(seed: number, d: number): Float64Array {
  const q = Float64Array.from({ length: d * d }, (_, at) => Number(at % (d + 1) === 0));
  const v = new Float64Array(d);
  for (let k = 0; k < d + (d % 2); k++) {
    fillNormal(randomKey(seed), k, v);
    const norm = v.reduce((sum, x) => sum + x * x, 0);
    for (let i = 0; i < d; i++) {
      const row = q.subarray(i * d, (i + 1) * d);
      const dot = row.reduce((sum, x, j) => sum + x * v[j]!, 0);
      for (let j = 0; j < d; j++) row[j]! -= (2 * dot * v[j]!) / norm;
    }
  }
  return q;
}

/** A·B of square matrices `[d, d]`. */
export function times(a: Float64Array, b: Float64Array, d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += a[Math.floor(at / d) * d + k]! * b[k * d + (at % d)]!;
    return sum;
  });
}

export const transposed = (a: Float64Array, d: number) =>
  a.map((_, at) => a[(at % d) * d + Math.floor(at / d)]!);
