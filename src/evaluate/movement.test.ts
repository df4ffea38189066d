import { describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import { acceptanceSummary, energyErrorSummary, squaredJumpDistance } from './movement.ts';
import { autoregressive, drawsOf } from './testing.ts';

describe('acceptanceSummary', () => {
  test('counts by chain and names the worst', () => {
    const accepted = Uint8Array.of(1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1);
    expect(acceptanceSummary({ data: accepted, shape: [3, 4] })).toEqual({
      mean: 7 / 12,
      perChain: Float64Array.of(0.75, 0, 1),
      lowest: { chain: 1, rate: 0 },
    });
  });

  test('refuses what is no probability, and shapes that do not fit', () => {
    const of = (data: number[], shape: readonly [number, number]) => () =>
      acceptanceSummary({ data: Float64Array.from(data), shape });
    expect(of([1, 0, 1, 1.5], [2, 2])).toThrow(
      anError('invalid', { chain: 1, step: 1, value: 1.5 }),
    );
    expect(of([1, Number.NaN], [1, 2])).toThrow(anError('invalid', { chain: 0, step: 1 }));
    expect(of([], [2, 0])).toThrow(anError('shape', { shape: [2, 0] }));
    expect(of([1], [1, 2])).toThrow(anError('shape', { shape: [1, 2], values: 1 }));
  });
});

describe('energyErrorSummary', () => {
  test('of normal errors in equilibrium, N(s²/2, s²), accepts 2Φ(−s/2)', () => {
    const data = new Float64Array(200_000);
    fillNormal(randomKey(1), 0, data);
    const found = energyErrorSummary({ data: data.map((x) => 0.5 + x), shape: [4, 50_000] });
    // s = 1: 2Φ(−1/2) = 0.6170751 (SciPy 1.17.1). Standard errors are below 1/√200,000 = 0.0022.
    expect(Math.abs(found.acceptance - 0.6170751)).toBeLessThan(0.009);
    expect(Math.abs(found.mean - 0.5)).toBeLessThan(0.009);
    expect(Math.abs(found.standardDeviation - 1)).toBeLessThan(0.009);
    expect(found.diverged).toBe(0);
  });

  test('sets diverged proposals apart, which count as rejected', () => {
    const data = Float64Array.of(0, -3, Number.POSITIVE_INFINITY, 0);
    expect(energyErrorSummary({ data, shape: [2, 2] })).toEqual({
      mean: -1,
      standardDeviation: Math.sqrt(3),
      largest: 3,
      acceptance: 0.75,
      diverged: 1,
    });
  });

  test('has no NaN where everything diverged, or where there is one proposal', () => {
    const infinite = Number.POSITIVE_INFINITY;
    expect(energyErrorSummary({ data: Float32Array.of(infinite), shape: [1, 1] })).toEqual({
      mean: infinite,
      standardDeviation: infinite,
      largest: infinite,
      acceptance: 0,
      diverged: 1,
    });
    expect(energyErrorSummary({ data: Float32Array.of(1), shape: [1, 1] }).standardDeviation).toBe(
      0,
    );
  });

  test('refuses NaN', () => {
    const data = Float32Array.of(0, 0, 0, Number.NaN);
    expect(() => energyErrorSummary({ data, shape: [2, 2] })).toThrow(
      anError('invalid', { chain: 1, step: 1 }),
    );
  });
});

describe('squaredJumpDistance', () => {
  test.each([0, 0.5, 0.9])('of AR(1) chains is 2(1 − ρ) in each coordinate, ρ = %s', (rho) => {
    const found = squaredJumpDistance(autoregressive(2, [4, 20_000, 3], rho));
    for (const square of found.perCoordinate) {
      // The squares have deviation √2 of their mean; four standard errors of 80,000, doubled for ρ.
      expect(Math.abs(square / (2 * (1 - rho)) - 1)).toBeLessThan(0.04);
    }
    expect(found.mean).toBeCloseTo(
      found.perCoordinate.reduce((sum, x) => sum + x, 0),
      12,
    );
  });

  test('by hand: chains do not run into each other', () => {
    const { mean, perChain, perCoordinate } = squaredJumpDistance(drawsOf([0, 1, 3], [9, 9, 9]));
    expect([...perChain]).toEqual([2.5, 0]);
    expect(mean).toBe(1.25);
    expect([...perCoordinate]).toEqual([1.25]);
  });

  test('refuses a single draw', () => {
    expect(() => squaredJumpDistance(drawsOf([1]))).toThrow(
      anError('invalid', { draws: 1, least: 2 }),
    );
  });
});
