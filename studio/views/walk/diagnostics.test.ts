import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../../../src/random.ts';
import { BINS, diagnose, exactHistograms, histogram } from './diagnostics.ts';

const question = { of: 'ybar', coordinate: 1, radius: 6 } as const;
const choice = { target: 'mixture', points: [], centres: [[0.5, -1, 1, 0.6]] } as const;

/** Density of N(mean, s²) at the middle of each bin. */
const normal = (mean: number, s: number) =>
  Array.from({ length: BINS }, (_, k) => {
    const x = -6 + (12 * (k + 0.5)) / BINS;
    return Math.exp(-((x - mean) ** 2) / (2 * s * s)) / Math.sqrt(2 * Math.PI * s * s);
  });

// A bin of probability p holds 40,000 p draws: 5 standard errors of the largest density are 0.02,
// and the curvature over a bin adds less than 0.01. One in 30,000 seeds would fail.
test('the exact law of ȳ is the smoothed Gaussian, that of x̂ the shrunk one', () => {
  const sigma = 0.8;
  const ybar = exactHistograms(choice, sigma, question)[1];
  normal(-1, 1).forEach((density, k) => {
    expect(Math.abs(ybar[k]! - density)).toBeLessThan(0.03);
  });
  // ν(z) = μ + 0.36 (z − μ): standard deviation 0.36.
  const xhat = exactHistograms(choice, sigma, { ...question, of: 'xhat' })[1];
  const mass = (values: ArrayLike<number>) =>
    Array.from(values, (density, k) => density * (-6 + (12 * (k + 0.5)) / BINS) * (12 / BINS));
  const mean = mass(xhat).reduce((a, b) => a + b, 0);
  expect(mean).toBeCloseTo(-1, 1);
  const spread = Array.from(xhat).reduce(
    (sum, density, k) => sum + density * (-6 + (12 * (k + 0.5)) / BINS - mean) ** 2 * (12 / BINS),
    0,
  );
  // Bins add width²/12 = 0.0052.
  expect(spread).toBeCloseTo(0.36 ** 2 + 0.25 ** 2 / 12, 1.9);
});

test('a histogram counts what lies outside among all', () => {
  const counts = histogram(Float64Array.of(-7, -6, 5.99, 6, 0.01), 6);
  const one = 1 / (5 * (12 / BINS));
  expect(counts[0]).toBeCloseTo(one);
  expect(counts[BINS - 1]).toBeCloseTo(one);
  expect(counts[BINS / 2]).toBeCloseTo(one);
  expect(counts.reduce((a, b) => a + b, 0)).toBeCloseTo(3 * one);
});

test('independent draws of one coordinate have their own number as effective size', () => {
  const data = new Float32Array(4 * 500 * 2);
  fillNormal(randomKey(5), 0, data);
  // The other coordinate is stuck and must not be looked at.
  for (let i = 0; i < data.length; i += 2) data[i] = 3;
  const found = diagnose({ data, shape: [4, 500, 2] }, question);
  expect(found.effectiveSampleSize).toBeGreaterThan(1500);
  expect(found.effectiveSampleSize).toBeLessThan(2700);
  expect(found.rHat).toBeLessThan(1.02);
  expect(found.autocorrelation[0]).toBe(1);
  expect(Math.abs(found.autocorrelation[1]!)).toBeLessThan(0.12);
});

test('too few draws say nothing', () => {
  const found = diagnose({ data: new Float32Array(2 * 9 * 2), shape: [2, 9, 2] }, question);
  expect(found.autocorrelation.length).toBe(0);
  expect(found.effectiveSampleSize).toBeNaN();
  expect(found.rHat).toBeNaN();
});
