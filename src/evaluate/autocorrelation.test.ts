import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import { autocorrelation, autocorrelationTime, autocovariance } from './autocorrelation.ts';
import { coordinateOf } from './draws.ts';
import { autoregressive, drawsOf } from './testing.ts';

describe('autocovariance', () => {
  test('is what its sum gives, for any number and length of chains', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 70 }), (chains, n) => {
        const series = Array.from({ length: chains }, (_, c) => {
          const values = new Float64Array(n);
          fillNormal(randomKey(2), c, values);
          return values.map((x) => 1000 + x);
        });
        autocovariance(series).forEach((value, lag) => {
          expect(value).toBeCloseTo(directCovariance(series, lag), 9);
        });
      }),
      { numRuns: 40 },
    );
  });
});

function directCovariance(chains: readonly Float64Array[], lag: number): number {
  let sum = 0;
  for (const chain of chains) {
    const mean = chain.reduce((total, x) => total + x, 0) / chain.length;
    for (let t = 0; t + lag < chain.length; t++) {
      sum += ((chain[t]! - mean) * (chain[t + lag]! - mean)) / chain.length;
    }
  }
  return sum / chains.length;
}

describe('autocorrelation', () => {
  test('of AR(1) chains is ρ^t', () => {
    const rho = autocorrelation(autoregressive(1, [8, 20_000, 1], 0.8));
    expect(rho[0]).toBe(1);
    // Bartlett: standard error about √(τ_{ρ²}/N) = √(4.6/160,000) = 0.005; four of them.
    for (const lag of [1, 2, 5, 10]) expect(Math.abs(rho[lag]! - 0.8 ** lag)).toBeLessThan(0.02);
  });

  test('stays high where the chains differ', () => {
    const draws = autoregressive(2, [2, 2000, 1], 0);
    for (let t = 0; t < 2000; t++) draws.data[t]! += 4;
    // Between-chain variance 8, within 1: ρ at every lag is 8/9.
    expect(autocorrelation(draws)[500]).toBeCloseTo(8 / 9, 1);
  });

  test('refuses a coordinate that is not there', () => {
    expect(() => autocorrelation(drawsOf([1, 2, 3]), 1)).toThrow(
      anError('invalid', { option: 'coordinate', value: 1, most: 0 }),
    );
  });
});

describe.each(['geyer', 'sokal'] as const)('autocorrelationTime, %s', (window) => {
  test.each([-0.5, 0, 0.5, 0.9, 0.98])('of AR(1) chains is (1 + ρ)/(1 − ρ), ρ = %s', (rho) => {
    const expected = (1 + rho) / (1 - rho);
    const [chains, draws] = [4, 40_000];
    const time = autocorrelationTime(autoregressive(3, [chains, draws, 2], rho), { window });
    // Standard error τ √(2(2W + 1)/N) (Sokal 1997, section 3), W = 5τ and at least 5; four of them,
    // and the sum of ρ^t beyond W that the window leaves out.
    const W = Math.ceil(Math.max(5 * expected, 5));
    const left = (2 * Math.abs(rho) ** (W + 1)) / (1 - rho) / expected;
    const slack = 4 * Math.sqrt((2 * (2 * W + 1)) / (chains * draws)) + left;
    for (const tau of time) expect(Math.abs(tau / expected - 1)).toBeLessThan(slack);
  });

  test('gives all draws for a coordinate that never changes', () => {
    const draws = autoregressive(4, [2, 50, 2], 0);
    for (let at = 1; at < draws.data.length; at += 2) draws.data[at] = 0.1;
    const [moving, fixed] = autocorrelationTime(draws, { window });
    expect(moving).toBeLessThan(5);
    expect(fixed).toBe(100);
  });

  test('is finite and large for chains stuck at different places', () => {
    const stuck = drawsOf(new Array(30).fill(0.1), new Array(30).fill(0.7));
    const [time] = autocorrelationTime(stuck, { window });
    expect(time).toBeGreaterThan(30);
    expect(time).toBeLessThan(61);
  });

  test('is finite where draws alternate exactly', () => {
    const tau = autocorrelationTime(drawsOf([1, -1, 1, -1, 1, -1, 1, -1]), { window })[0]!;
    expect(tau).toBeCloseTo(1 / Math.log10(8), 12);
  });
});

test('autocorrelationTime reads float32 as float64', () => {
  const { data, shape } = autoregressive(5, [2, 500, 1], 0.6);
  const single = { data: Float32Array.from(data), shape };
  const double = { data: Float64Array.from(single.data), shape };
  expect(autocorrelationTime(single)).toEqual(autocorrelationTime(double));
  expect(coordinateOf(single, 0)[1]![3]).toBe(single.data[503]);
});

test('autocorrelationTime refuses too few draws, NaN and a window of no size', () => {
  expect(() => autocorrelationTime(drawsOf([1, 2, 3, 4]))).toThrow(
    anError('invalid', { diagnostic: 'autocorrelationTime', draws: 4, least: 5 }),
  );
  expect(() => autocorrelationTime(drawsOf([1, 2, 3, 4, 5], [1, 2, 3, Number.NaN, 5]))).toThrow(
    anError('invalid', { chain: 1, draw: 3, coordinate: 0 }),
  );
  expect(() =>
    autocorrelationTime(drawsOf([1, 2, 3, 4, 5]), { window: 'sokal', sokalFactor: 0 }),
  ).toThrow(anError('invalid', { option: 'sokalFactor', value: 0 }));
});
