import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { precisionRecall } from './precision-recall.ts';
import { fixture, normalFeatures } from './testing-features.ts';

describe.each(fixture.cases)('as scipy: $name', ({ dimension, a, b, manifolds3, manifolds5 }) => {
  test('for 3 and 5 neighbours', async () => {
    const [x, y] = [Float32Array.from(a), Float32Array.from(b)];
    for (const [neighbours, expected] of [
      [3, manifolds3],
      [5, manifolds5],
    ] as const) {
      const found = await precisionRecall(x, y, dimension, { neighbours });
      for (const name of ['precision', 'recall', 'density', 'coverage'] as const) {
        expect(found[name]).toBeCloseTo(expected[name], 12);
      }
    }
  });
});

test('over several blocks, what a plain search finds', async () => {
  const [n, m, d, k] = [1500, 1100, 2, 3];
  const [x, y] = [normalFeatures(1, n, d), normalFeatures(2, m, d, { scale: 0.5 })];
  const squared = (a: Float32Array, i: number, b: Float32Array, j: number) =>
    (a[2 * i]! - b[2 * j]!) ** 2 + (a[2 * i + 1]! - b[2 * j + 1]!) ** 2;
  const radii = (rows: Float32Array) =>
    Array.from(
      { length: rows.length / d },
      (_, i) =>
        Float64Array.from({ length: rows.length / d }, (_, j) => squared(rows, i, rows, j)).sort()[
          k
        ]!,
    );
  const [ofX, ofY] = [radii(x), radii(y)];
  const [counts, held, recalled] = [new Float64Array(n), new Set<number>(), new Set<number>()];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const distance = squared(x, i, y, j);
      if (distance <= ofY[j]!) {
        counts[i]!++;
        held.add(j);
      }
      if (distance <= ofX[i]!) recalled.add(j);
    }
  }
  expect(await precisionRecall(x, y, d)).toEqual({
    precision: counts.filter((count) => count > 0).length / n,
    recall: recalled.size / m,
    density: counts.reduce((sum, count) => sum + count, 0) / (k * n),
    coverage: held.size / m,
  });
});

test('a set and itself: all 1, and density above, for a ball holds its own centre', async () => {
  const x = normalFeatures(3, 200, 5);
  const found = await precisionRecall(x, x, 5);
  expect(found).toMatchObject({ precision: 1, recall: 1, coverage: 1 });
  // Without ties each ball holds its centre and k others.
  expect(found.density).toBeCloseTo(4 / 3, 12);
});

test('duplicates far from the origin lie in balls of no radius', async () => {
  const row = [1000.1, -2000.2, 3000.3];
  const same = Float32Array.from(Array.from({ length: 8 }, () => row).flat());
  const found = await precisionRecall(same, same, 3);
  expect(found).toMatchObject({ precision: 1, recall: 1, coverage: 1 });
  const moved = same.map((x) => Math.fround(x + 0.001));
  expect(await precisionRecall(moved, same, 3)).toEqual({
    precision: 0,
    recall: 0,
    density: 0,
    coverage: 0,
  });
});

test('a narrow law is precise and recalls little, a wide one the other way; far ones do neither', async () => {
  const data = normalFeatures(4, 500, 4);
  const narrow = await precisionRecall(normalFeatures(5, 500, 4, { scale: 0.2 }), data, 4);
  const wide = await precisionRecall(normalFeatures(6, 500, 4, { scale: 4 }), data, 4);
  const far = await precisionRecall(normalFeatures(7, 500, 4, { shift: 50 }), data, 4);
  expect(narrow.precision).toBeGreaterThan(0.9);
  expect(narrow.recall).toBeLessThan(0.1);
  expect(wide.precision).toBeLessThan(0.3);
  expect(wide.recall).toBeGreaterThan(0.9);
  expect(far).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 });
});

test('of equal laws density and coverage are what Naeem et al. derive', async () => {
  const [n, k] = [1000, 5];
  const [x, y] = [normalFeatures(8, n, 3), normalFeatures(9, n, 3)];
  const { density, coverage } = await precisionRecall(x, y, 3, { neighbours: k });
  // Equation 9: E[coverage] = 1 − Π_{i<k} (n − 1 − i)/(2n − 1 − i), 0.969 for k = 5; E[density] =
  // 1. A share of 1000 has a standard error of 0.0055, the density here about 0.04 (20 seeds): four
  // of them.
  let missed = 1;
  for (let i = 0; i < k; i++) missed *= (n - 1 - i) / (2 * n - 1 - i);
  expect(Math.abs(coverage - (1 - missed))).toBeLessThan(0.022);
  expect(Math.abs(density - 1)).toBeLessThan(0.16);
});

test('scaling by a power of two changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.integer({ min: -20, max: 20 }), async (seed, exponent) => {
      const [x, y] = [normalFeatures(seed, 30, 3), normalFeatures(seed + 1, 40, 3, { scale: 1.5 })];
      const scaled = (rows: Float32Array) => rows.map((value) => value * 2 ** exponent);
      const options = { threads: 1 };
      expect(await precisionRecall(scaled(x), scaled(y), 3, options)).toEqual(
        await precisionRecall(x, y, 3, options),
      );
    }),
    { numRuns: 10 },
  );
});

test.each([
  [new Float32Array(6), 2, {}, anError('invalid', { set: 'samples', count: 3, least: 4 })],
  [new Float32Array(7), 2, {}, anError('shape', { values: 7, dimension: 2 })],
  [new Float32Array(8).fill(Number.NaN), 2, {}, anError('invalid', { example: 0, feature: 0 })],
  [new Float32Array(8), 2, { neighbours: 0 }, anError('invalid', { value: 0, least: 1 })],
])('refuses %#', async (x, d, options, error) => {
  await expect(precisionRecall(x, x, d, options)).rejects.toThrow(error);
});
