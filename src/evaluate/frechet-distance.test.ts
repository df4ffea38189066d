import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { featureStatistics } from './feature-statistics.ts';
import { frechetDistance } from './frechet-distance.ts';
import {
  fixture,
  normalFeatures,
  rotation,
  statisticsOf,
  times,
  transposed,
} from './testing-features.ts';

const near = (value: number, expected: number, slack: number) =>
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(slack);

describe('closed forms', () => {
  test('one dimension: (μ₁ − μ₂)² + (σ₁ − σ₂)²', async () => {
    near(await frechetDistance(statisticsOf([1], [4]), statisticsOf([4], [25])), 9 + 9, 1e-13);
  });

  test('diagonal covariances: the sum over the axes, also where a variance is 0', async () => {
    const a = statisticsOf([0, 1, 2], [1, 0, 9]);
    const b = statisticsOf([0, 0, 0], [4, 16, 0]);
    near(await frechetDistance(a, b), 5 + 1 + 16 + 9, 1e-12);
  });

  test.each([3, 40, 150])('commuting covariances of %s features: Σ (√λ − √κ)²', async (d) => {
    const q = rotation(d, d);
    const turn = (values: readonly number[]) =>
      times(times(q, statisticsOf(values, values).covariance, d), transposed(q, d), d);
    const lambda = Array.from({ length: d }, (_, i) => 1 + i);
    const kappa = Array.from({ length: d }, (_, i) => 2 + ((7 * i) % d));
    const expected = lambda.reduce(
      (sum, l, i) => sum + (Math.sqrt(l) - Math.sqrt(kappa[i]!)) ** 2,
      0,
    );
    const mean = new Array<number>(d).fill(0);
    const [a, b] = [statisticsOf(mean, [...turn(lambda)]), statisticsOf(mean, [...turn(kappa)])];
    // The traces are about d², of which the distance keeps ε.
    near(await frechetDistance(a, b), expected, 1e-14 * d * d * d);
  });

  test('ranges that meet in nothing: the traces alone', async () => {
    const mean = new Array<number>(80).fill(0);
    const a = statisticsOf(
      mean,
      mean.map((_, i) => Number(i < 40)),
    );
    const b = statisticsOf(
      mean,
      mean.map((_, i) => Number(i >= 40)),
    );
    near(await frechetDistance(a, b), 80, 1e-12);
  });
});

describe.each(fixture.cases)('as scipy: $name', ({ dimension, a, b, frechet, frechetSqrtm }) => {
  test('singular values, and its square root of a matrix', async () => {
    const [x, y] = [
      await featureStatistics(Float32Array.from(a), dimension),
      await featureStatistics(Float32Array.from(b), dimension),
    ];
    const distance = await frechetDistance(x, y);
    // Where the rank is low the roots of zeros are rounding: of ours 1e-7, of scipy's 1e-6.
    const isFull = Math.min(a.length, b.length) > dimension * dimension;
    near(distance, frechet, (isFull ? 1e-12 : 1e-7) * frechet);
    near(distance, frechetSqrtm, (isFull ? 1e-12 : 1e-6) * frechet);
    near(await frechetDistance(y, x), distance, 1e-7 * frechet);
  });
});

describe('properties', () => {
  const sizes = fc.record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    n: fc.integer({ min: 2, max: 30 }),
    m: fc.integer({ min: 2, max: 30 }),
    d: fc.integer({ min: 1, max: 12 }),
  });
  const draw = async ({ seed, n, m, d }: { seed: number; n: number; m: number; d: number }) =>
    [
      await featureStatistics(normalFeatures(seed, n, d), d, { threads: 1 }),
      await featureStatistics(normalFeatures(seed + 1, m, d, { scale: 2, shift: 0.5 }), d, {
        threads: 1,
      }),
    ] as const;
  const holds = (property: (drawn: Awaited<ReturnType<typeof draw>>, d: number) => Promise<void>) =>
    fc.assert(
      fc.asyncProperty(sizes, async (size) => property(await draw(size), size.d)),
      { numRuns: 20 },
    );

  test('0 of a set and itself, and of a set and one that is nearly it', () =>
    holds(async ([a], d) => {
      expect(await frechetDistance(a, a)).toBe(0);
      const scale = a.covariance.reduce((most, x) => Math.max(most, x), 0);
      const covariance = a.covariance.map((x, at) => (at % (d + 1) === 0 ? x * (1 + 1e-15) : x));
      const distance = await frechetDistance(a, { ...a, covariance });
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThan(1e-6 * d * scale);
    }));

  test('symmetric', () =>
    holds(async ([a, b]) => {
      const distance = await frechetDistance(a, b);
      near(await frechetDistance(b, a), distance, 1e-6 * distance);
    }));

  test('the square of the scale, and rotations change nothing', () =>
    holds(async ([a, b], d) => {
      const q = rotation(3, d);
      const moved = [a, b].map(({ count, mean, covariance }) => ({
        count,
        mean: mean.map((_, i) => 3 * mean.reduce((sum, x, j) => sum + q[i * d + j]! * x, 0)),
        covariance: times(times(q, covariance, d), transposed(q, d), d).map((x) => 9 * x),
      }));
      const distance = await frechetDistance(a, b);
      near(await frechetDistance(moved[0]!, moved[1]!), 9 * distance, 1e-5 * distance);
    }));
});

test('of samples of two laws, the distance of the laws', async () => {
  const [n, d] = [20_000, 5];
  const a = await featureStatistics(normalFeatures(7, n, d), d);
  const b = await featureStatistics(normalFeatures(8, n, d, { scale: 2, shift: 1 }), d);
  // 5 (1 + 1) = 10. Delta method, for each axis: 4δ²(σ₁² + σ₂²)/n = 20/n of the means, and 4(σ₂ −
  // σ₁)²(σ₁² + σ₂²)/2n = 10/n of the deviations: standard error √(150/n) = 0.087. Five of them:
  // wrong by chance in 6 of 10⁷ seeds.
  near(await frechetDistance(a, b), 10, 0.45);
});

test.each([
  [statisticsOf([0], [1]), statisticsOf([0, 0], [1, 1]), anError('shape', { a: 1, b: 2 })],
  [
    statisticsOf([0], [1], 1),
    statisticsOf([0], [1]),
    anError('invalid', { statistics: 'a', count: 1, least: 2 }),
  ],
  [
    statisticsOf([0], [1]),
    statisticsOf([Number.NaN], [1]),
    anError('invalid', { statistics: 'b', of: 'mean', index: 0 }),
  ],
  [
    statisticsOf([0], [1]),
    statisticsOf([0], [Number.POSITIVE_INFINITY]),
    anError('invalid', { statistics: 'b', of: 'covariance', index: 0 }),
  ],
  [
    statisticsOf([0], [1]),
    { ...statisticsOf([0], [1]), covariance: new Float64Array(2) },
    anError('shape', { statistics: 'b', means: 1, covariances: 2 }),
  ],
])('refuses %#', async (a, b, error) => {
  await expect(frechetDistance(a, b)).rejects.toThrow(error);
});
