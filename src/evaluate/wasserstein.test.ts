import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import {
  EXACT_WASSERSTEIN_LIMIT,
  exactWasserstein,
  slicedWasserstein,
  wasserstein1d,
} from './wasserstein.ts';

function normals(seed: number, count: number, dimension: number): Float64Array {
  const out = new Float64Array(count * dimension);
  fillNormal(randomKey(seed), 0, out);
  return out;
}

describe('wasserstein1d', () => {
  test('of two Gaussians is √((μ − μ′)² + (s − s′)²)', () => {
    const a = normals(1, 200_000, 1).map((x) => 1 + 2 * x);
    const b = normals(2, 100_000, 1).map((x) => -0.5 + 0.5 * x);
    // Means and deviations are known to about 0.005.
    expect(Math.abs(wasserstein1d(a, b) - Math.hypot(1.5, 1.5))).toBeLessThan(0.02);
  });

  test('of unequal sizes by hand', () => {
    // u in (0, 1/3), (1/3, 1/2), (1/2, 2/3), (2/3, 1): 0–0, 3–0, 3–6, 6–6.
    expect(wasserstein1d(Float64Array.of(6, 0, 3), Float64Array.of(6, 0))).toBeCloseTo(
      Math.sqrt(9 / 3),
      14,
    );
  });

  test('a sample repeated is the same distribution', () => {
    const a = normals(3, 30, 1);
    expect(wasserstein1d(a, Float64Array.from([...a, ...a, ...a]))).toBe(0);
  });
});

describe('exactWasserstein', () => {
  test('is the least over all pairings, and in one dimension that of sorting', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (seed, n, d) => {
          const [a, b] = [normals(seed, n, d), normals(seed + 5000, n, d).map((x) => 2 * x + 1)];
          expect(exactWasserstein(a, b, d)).toBeCloseTo(leastOverPermutations(a, b, d), 10);
          if (d === 1) expect(exactWasserstein(a, b, 1)).toBeCloseTo(wasserstein1d(a, b), 10);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of a sample moved by a symmetric positive map and a shift is that map’s cost', () => {
    // x → Ax + v with A = [[2, 0.5], [0.5, 1]] is the gradient of a convex function, hence optimal
    // (Brenier 1991).
    const a = normals(4, 300, 2);
    const moved = Float64Array.from(a);
    for (let i = 0; i < a.length; i += 2) {
      moved[i] = 2 * a[i]! + 0.5 * a[i + 1]! + 3;
      moved[i + 1] = 0.5 * a[i]! + a[i + 1]! - 7;
    }
    const cost = a.reduce((sum, x, at) => sum + (x - moved[at]!) ** 2, 0) / 300;
    const shuffled = Float64Array.from({ length: 600 }, (_, at) => moved[(at + 202) % 600]!);
    expect(exactWasserstein(a, shuffled, 2)).toBeCloseTo(Math.sqrt(cost), 9);
  });

  test('is near the closed form of two Gaussians', () => {
    // Diagonal covariances: √(‖μ‖² + Σ (s_k − s′_k)²), μ = (3, 0), s = (1, 1), s′ = (2, 0.5).
    const a = normals(5, 800, 2);
    const b = normals(6, 800, 2).map((x, at) => (at % 2 === 0 ? 3 + 2 * x : 0.5 * x));
    // 800 points: the mean is known to 0.08, and samples of one law lie about 0.2 apart, squared
    // 0.04.
    expect(Math.abs(exactWasserstein(a, b, 2) - Math.sqrt(9 + 1 + 0.25))).toBeLessThan(0.2);
  });

  test('is 0 for one sample in two orders', () => {
    const a = normals(7, 50, 3);
    expect(exactWasserstein(a, Float64Array.from([...a.slice(30), ...a.slice(0, 30)]), 3)).toBe(0);
  });

  test('refuses more points than its limit, and two sizes', () => {
    const many = new Float32Array(EXACT_WASSERSTEIN_LIMIT + 1);
    expect(() => exactWasserstein(many, many, 1)).toThrow(
      anError('invalid', { count: 1001, most: 1000 }),
    );
    expect(() => exactWasserstein(new Float32Array(4), new Float32Array(6), 2)).toThrow(
      anError('shape', { counts: [2, 3] }),
    );
  });
});

function leastOverPermutations(a: Float64Array, b: Float64Array, d: number): number {
  const n = a.length / d;
  const cost = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (a[i * d + k]! - b[j * d + k]!) ** 2;
    return sum;
  };
  const least = (i: number, free: readonly number[]): number =>
    i === n
      ? 0
      : Math.min(
          ...free.map(
            (j) =>
              cost(i, j) +
              least(
                i + 1,
                free.filter((other) => other !== j),
              ),
          ),
        );
  return Math.sqrt(
    least(
      0,
      Array.from({ length: n }, (_, j) => j),
    ) / n,
  );
}

describe('slicedWasserstein', () => {
  test('of round Gaussians is √(‖μ‖²/d + (s − s′)²)', () => {
    const a = normals(8, 20_000, 3);
    const b = normals(9, 20_000, 3).map((x, at) => 2 * x + (at % 3 === 0 ? 3 : 0));
    const { distance, squared, standardError } = slicedWasserstein(a, b, 3, { directions: 400 });
    expect(Math.abs(distance - Math.sqrt(9 / 3 + 1))).toBeLessThan(4 * standardError + 0.03);
    expect(distance).toBe(Math.sqrt(squared));
  });

  test('of a shift by v is ‖v‖/√d, its standard error that of ⟨θ, v⟩²', () => {
    const [d, directions] = [10, 1000];
    const a = normals(10, 40, d);
    const b = a.map((x, at) => x + (at % d === 0 ? 4 : 0));
    const { squared, distance, standardError } = slicedWasserstein(a, b, d, { directions });
    // ⟨θ, v⟩² is ‖v‖² times Beta(1/2, (d − 1)/2), of mean 1/d and variance 2(d − 1)/(d²(d + 2)).
    const deviation = 16 * Math.sqrt((2 * (d - 1)) / (d * d * (d + 2)) / directions);
    expect(Math.abs(squared - 16 / d)).toBeLessThan(4 * deviation);
    expect(Math.abs(standardError / (deviation / (2 * distance)) - 1)).toBeLessThan(0.3);
  });

  test('in one dimension is exact', () => {
    const [a, b] = [normals(11, 20, 1), normals(12, 30, 1)];
    const { distance, standardError } = slicedWasserstein(a, b, 1, { directions: 2 });
    expect(distance).toBeCloseTo(wasserstein1d(a, b), 12);
    expect(standardError).toBeLessThan(1e-12);
  });

  test('is symmetric, 0 on one sample, and a function of the seed', () => {
    const [a, b] = [normals(13, 30, 2), Float32Array.from(normals(14, 50, 2))];
    expect(slicedWasserstein(a, b, 2).distance).toBeCloseTo(
      slicedWasserstein(b, a, 2).distance,
      12,
    );
    expect(slicedWasserstein(a, a, 2)).toEqual({ distance: 0, squared: 0, standardError: 0 });
    expect(slicedWasserstein(a, b, 2, { seed: 5 })).toEqual(
      slicedWasserstein(a, b, 2, { seed: 5 }),
    );
    expect(slicedWasserstein(a, b, 2, { seed: 5 })).not.toEqual(slicedWasserstein(a, b, 2));
  });

  test('refuses what it cannot measure', () => {
    const a = Float64Array.of(1, 2, 3, 4);
    const refuses = (error: unknown, b: Float64Array, dimension: number, directions = 10) =>
      expect(() => slicedWasserstein(a, b, dimension, { directions })).toThrow(error);
    refuses(
      anError('invalid', { set: 'second', row: 1, coordinate: 0 }),
      Float64Array.of(1, 2, Number.NaN, 4),
      2,
    );
    refuses(
      anError('shape', { set: 'second', values: 3, dimension: 2 }),
      Float64Array.of(1, 2, 3),
      2,
    );
    refuses(anError('shape', { set: 'second', values: 0 }), new Float64Array(0), 2);
    refuses(anError('invalid', { option: 'dimension', value: 0 }), a, 0);
    refuses(anError('invalid', { option: 'directions', value: 1, least: 2 }), a, 2, 1);
  });
});
