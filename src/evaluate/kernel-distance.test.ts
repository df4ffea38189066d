import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { fullKernelDistance, kernelDistance } from './kernel-distance.ts';
import { fixture, normalFeatures } from './testing-features.ts';

describe.each(fixture.cases)('as numpy: $name', ({ dimension, a, b, kernel }) => {
  test('the unbiased estimate from all examples', async () => {
    const [x, y] = [Float32Array.from(a), Float32Array.from(b)];
    const value = await fullKernelDistance(x, y, dimension);
    expect(Math.abs(value / kernel - 1)).toBeLessThan(1e-7);
  });
});

describe('in one dimension', () => {
  // k(x, y) = 1 + 3xy + 3x²y² + x³y³, so the squared discrepancy of two laws is 3Δ₁² + 3Δ₂² + Δ₃²,
  // Δ the differences of the moments. N(0, 1) and N(1/2, 1): 1/2, 1/4 and 3/2 + 1/8.
  const expected = 3 / 4 + 3 / 16 + (13 / 8) ** 2;

  test('the difference of moments, in closed form', async () => {
    const [x, y] = [normalFeatures(1, 3000, 1), normalFeatures(2, 2000, 1, { shift: 0.5 })];
    const { mean, standardError, subsets, subsetSize } = await kernelDistance(x, y, 1);
    expect([subsets, subsetSize]).toEqual([100, 1000]);
    // Four standard errors: wrong by chance in 6 of 10⁵ seeds.
    expect(Math.abs(mean - expected)).toBeLessThan(4 * standardError);
    expect(Math.abs((await fullKernelDistance(x, y, 1)) - mean)).toBeLessThan(2 * standardError);
  });

  test('the standard error is the spread over data sets', async () => {
    const runs = [];
    for (let seed = 0; seed < 30; seed++) {
      const [x, y] = [
        normalFeatures(100 + seed, 300, 1),
        normalFeatures(200 + seed, 300, 1, { shift: 0.5 }),
      ];
      runs.push(await kernelDistance(x, y, 1, { subsets: 40, threads: 1, seed }));
    }
    const mean = runs.reduce((sum, run) => sum + run.mean, 0) / 30;
    const spread = Math.sqrt(runs.reduce((sum, run) => sum + (run.mean - mean) ** 2, 0) / 29);
    const stated = Math.sqrt(runs.reduce((sum, run) => sum + run.standardError ** 2, 0) / 30);
    // A standard deviation of 30 runs is off by 1/√58 = 13 % (more for long tails); three of them.
    expect(spread / stated).toBeGreaterThan(0.6);
    expect(spread / stated).toBeLessThan(1.4);
    expect(Math.abs(mean - expected)).toBeLessThan((4 * spread) / Math.sqrt(30));
  });
});

test('is unbiased where the laws are equal: about 0, on both sides of it', async () => {
  const values = [];
  for (let seed = 0; seed < 40; seed++) {
    const [x, y] = [normalFeatures(300 + seed, 40, 4), normalFeatures(400 + seed, 40, 4)];
    values.push(await fullKernelDistance(x, y, 4, { threads: 1 }));
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / 40;
  const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39 / 40);
  // Four standard errors of t with 39 degrees of freedom: 3 of 10⁴ seeds.
  expect(Math.abs(mean)).toBeLessThan(4 * error);
  expect(values.some((value) => value < 0)).toBe(true);
});

test('is a function of its seed, symmetric, and blind to rotations by permuting features', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 4, max: 40 }), fc.nat(1000), async (n, seed) => {
      const [x, y] = [normalFeatures(seed, n, 3), normalFeatures(seed + 1, n, 3, { scale: 2 })];
      const turned = (rows: Float32Array) =>
        rows.map((_, at) => rows[at - (at % 3) + ((at + 1) % 3)]!);
      const options = { subsets: 5, seed, threads: 1 };
      const first = await kernelDistance(x, y, 3, options);
      expect(await kernelDistance(x, y, 3, options)).toEqual(first);
      const full = await fullKernelDistance(x, y, 3, { threads: 1 });
      const slack = 1e-12 * (1 + Math.abs(full)) * 1e3;
      expect(Math.abs((await fullKernelDistance(y, x, 3)) - full)).toBeLessThan(slack);
      expect(Math.abs((await fullKernelDistance(turned(x), turned(y), 3)) - full)).toBeLessThan(
        slack,
      );
    }),
    { numRuns: 10 },
  );
});

test.each([
  [12, 4, {}, anError('invalid', { count: 3, least: 4 })],
  [16, 5, {}, anError('shape', { dimension: 5, values: 16 })],
  [
    16,
    4,
    { subsetSize: 4 },
    anError('invalid', { option: 'subsetSize', value: 4, least: 2, most: 3 }),
  ],
  [16, 4, { subsets: 1 }, anError('invalid', { option: 'subsets', value: 1 })],
  [16, 4, { seed: -1 }, anError('invalid', { option: 'seed', value: -1 })],
])('refuses %s values of dimension %s with %o', async (size, dimension, options, error) => {
  const x = new Float32Array(size);
  await expect(kernelDistance(x, x, dimension, options)).rejects.toThrow(error);
});
