import { describe, expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { autoregressive, drawsOf } from './testing.ts';

describe.each(['bulk', 'mean'] as const)('of %s', (of) => {
  test.each([-0.4, 0, 0.5, 0.9])(
    'AR(1) chains keep (1 − ρ)/(1 + ρ) of their draws, ρ = %s',
    (rho) => {
      const draws = autoregressive(1, [4, 10_000, 2], rho);
      // Standard error of τ as in autocorrelation.test.ts: 4% for ρ = 0.9, less below.
      for (const size of effectiveSampleSize(draws, { of })) {
        expect(Math.abs(size / ((40_000 * (1 - rho)) / (1 + rho)) - 1)).toBeLessThan(0.15);
      }
    },
  );

  test('is near the number of chains where each stays where it is', () => {
    const stuck = drawsOf(...[0, 1, 2, 3].map((at) => new Array<number>(40).fill(at / 10)));
    const size = effectiveSampleSize(stuck, { of })[0]!;
    expect(size).toBeGreaterThan(1);
    expect(size).toBeLessThan(8);
  });

  test('is 1 for a coordinate that never changes', () => {
    expect([...effectiveSampleSize(drawsOf(new Array(40).fill(0.1)), { of })]).toEqual([1]);
  });

  test('falls to a handful where the chains sit apart', () => {
    const draws = autoregressive(2, [4, 500, 1], 0);
    for (let t = 0; t < 500; t++) draws.data[t]! += 10;
    expect(effectiveSampleSize(draws, { of })[0]).toBeLessThan(10);
  });
});

test('bulk is the same for any increasing function of the draws; of the mean is not', () => {
  const draws = autoregressive(3, [2, 300, 1], 0.5);
  const stretched = {
    ...draws,
    data: draws.data.map((x) => Math.sign(x) * Math.exp(5 * Math.abs(x))),
  };
  expect(effectiveSampleSize(stretched)).toEqual(effectiveSampleSize(draws));
  expect(effectiveSampleSize(stretched, { of: 'mean' })).not.toEqual(
    effectiveSampleSize(draws, { of: 'mean' }),
  );
});

test('refuses too few draws', () => {
  expect(() => effectiveSampleSize(drawsOf([1, 2, 3, 4, 5, 6, 7, 8, 9]))).toThrow(
    anError('invalid', { diagnostic: 'effectiveSampleSize', draws: 9, least: 10 }),
  );
});

test('refuses NaN, naming where it is', () => {
  const draws = autoregressive(4, [2, 20, 3], 0);
  draws.data[(20 + 7) * 3 + 2] = Number.NaN;
  expect(() => effectiveSampleSize(draws)).toThrow(
    anError('invalid', { chain: 1, draw: 7, coordinate: 2 }),
  );
});
