import { describe, expect, test } from 'vitest';
import { drawPoisson } from '../../density/draws.ts';
import { logFactorialSum, poissonProbability } from '../testing-counts.ts';
import { binomialCount, refined } from './counts.ts';

/** How often each count comes up over the midpoints of n equal cells of (0, 1). */
function tally(n: number, draw: (u: number) => number): Map<number, number> {
  const out = new Map<number, number>();
  for (let k = 0; k < n; k++) {
    const y = draw((k + 0.5) / n);
    out.set(y, (out.get(y) ?? 0) + 1);
  }
  return out;
}

// A count owns one interval of u, so n cells give it n·p to within 1.
describe('inversion is exact', () => {
  test.each([0.003, 0.7, 1, 5.5, 40, 900])('Poisson of mean %f', (mean) => {
    const n = 20_000;
    const found = tally(n, (u) => drawPoisson(u, mean));
    for (let y = 0; y < mean + 12 * Math.sqrt(mean) + 12; y++) {
      const expected = n * poissonProbability(y, mean);
      expect(Math.abs((found.get(y) ?? 0) - expected)).toBeLessThanOrEqual(1.001);
    }
  });

  test.each([
    [1, 0.3],
    [7, 0.05],
    [30, 0.5],
    [30, 0.999],
    [800, 0.9],
  ])('binomial of %i trials at %f', (trials, p) => {
    const n = 20_000;
    const found = tally(n, (u) => binomialCount(u, trials, p));
    for (let y = 0; y <= trials; y++) {
      const choices = logFactorialSum(trials) - logFactorialSum(y) - logFactorialSum(trials - y);
      const expected = n * Math.exp(choices + y * Math.log(p) + (trials - y) * Math.log(1 - p));
      expect(Math.abs((found.get(y) ?? 0) - expected)).toBeLessThanOrEqual(1.001);
    }
  });

  test('certain cases', () => {
    for (const u of [2 ** -47, 0.5, 1 - 2 ** -47]) {
      expect(drawPoisson(u, 0)).toBe(0);
      expect(binomialCount(u, 0, 0.5)).toBe(0);
      expect(binomialCount(u, 9, 0)).toBe(0);
      expect(binomialCount(u, 9, 1)).toBe(9);
    }
  });

  test('ends for every u, and large means come out large', () => {
    for (const u of [2 ** -47, 1 - 2 ** -47]) {
      for (const mean of [1e-9, 3, 1e4, 1e6]) {
        const y = drawPoisson(u, mean);
        expect(Math.abs(y - mean)).toBeLessThan(10 * Math.sqrt(mean) + 6);
        const z = binomialCount(u, 1e6, mean / 1e7);
        expect(Math.abs(z - mean / 10)).toBeLessThan(4 * Math.sqrt(mean) + 6);
      }
    }
  });
});

test('refined numbers stay in (0, 1) and in their cell', () => {
  const least = 2 ** -24;
  expect(refined(least, least)).toBeGreaterThan(0);
  expect(refined(1 - least, 1 - least)).toBeLessThan(1);
  expect(refined(0.5 + least, 0.75)).toBe(0.5 + least + 2 ** -25);
});
