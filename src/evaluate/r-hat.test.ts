import { expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { rHat } from './r-hat.ts';
import { autoregressive, drawsOf } from './testing.ts';

test('is 1 for independent draws, within what 4,000 of them leave', () => {
  const draws = autoregressive(1, [4, 1000, 5], 0);
  for (const of of ['rank', 'plain'] as const) {
    for (const value of rHat(draws, { of })) {
      expect(value).toBeGreaterThan(0.998);
      expect(value).toBeLessThan(1.01);
    }
  }
});

test('of shifted chains is the closed form', () => {
  // Two chains of unit variance, means 0 and 2: four halves with means 0, 0, 2, 2, whose variance
  // is 4/3, so R̂² = 1 + 4/3.
  const draws = autoregressive(2, [2, 20_000, 1], 0);
  for (let t = 0; t < 20_000; t++) draws.data[t]! += 2;
  expect(rHat(draws, { of: 'plain' })[0]).toBeCloseTo(Math.sqrt(1 + 4 / 3), 1);
  expect(rHat(draws)[0]).toBeGreaterThan(1.2);
});

test('halves of 1, 2 and 3, 4 by hand', () => {
  // W = 1/2, variance of the means 3/2 and 7/2 is 2, n = 2: R̂² = 1/2 + 4.
  expect(rHat(drawsOf([1, 2, 3, 4]), { of: 'plain' })[0]).toBeCloseTo(Math.sqrt(4.5), 14);
});

test('sees a drift that all chains share, because they are split', () => {
  const draws = autoregressive(3, [4, 400, 1], 0);
  for (let at = 0; at < draws.data.length; at++) draws.data[at]! += (at % 400) / 100;
  expect(rHat(draws)[0]).toBeGreaterThan(1.1);
});

test('sees a chain that is only wider, which plain R-hat does not', () => {
  const draws = autoregressive(4, [4, 2000, 1], 0);
  for (let t = 0; t < 2000; t++) draws.data[t]! *= 4;
  expect(rHat(draws, { of: 'plain' })[0]).toBeLessThan(1.02);
  expect(rHat(draws)[0]).toBeGreaterThan(1.1);
});

test('constant chains: NaN where all agree, Infinity where they do not', () => {
  const still = (at: number) => new Array<number>(20).fill(at);
  for (const of of ['rank', 'plain'] as const) {
    expect(rHat(drawsOf(still(0.1), still(0.1)), { of })[0]).toBeNaN();
    expect(rHat(drawsOf(still(0.1), still(0.3)), { of })[0]).toBe(Number.POSITIVE_INFINITY);
  }
});

test('two-valued draws, all as far from the median, are judged by their location', () => {
  const coin = Array.from({ length: 40 }, (_, t) => (t % 2 === 0 ? 1 : -1));
  expect(rHat(drawsOf(coin, coin))[0]).toBeLessThanOrEqual(1);
  expect(Number.isFinite(rHat(drawsOf(coin, coin))[0])).toBe(true);
});

test('refuses too few draws', () => {
  expect(() => rHat(drawsOf([1, 2, 3], [1, 2, 3]))).toThrow(
    anError('invalid', { diagnostic: 'rHat', draws: 3, least: 4 }),
  );
});
