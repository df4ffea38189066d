import { expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { chainMoments } from './moments.ts';
import { autoregressive, drawsOf } from './testing.ts';

/**
 * Chains (u, 0.6 u + 0.8 v) of two independent AR(1) coordinates: unit variances, covariance 0.6.
 */
function correlated(seed: number, chains: number, draws: number, rho: number) {
  const { data, shape } = autoregressive(seed, [chains, draws, 2], rho);
  for (let at = 0; at < data.length; at += 2) data[at + 1] = 0.6 * data[at]! + 0.8 * data[at + 1]!;
  return { data, shape };
}

test('mean and covariance by hand, far from 0', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const data = Float64Array.from(values.flatMap((x) => [1e8 + x, -2 * x]));
  const { mean, covariance } = chainMoments({ data, shape: [1, 10, 2] });
  expect([...mean]).toEqual([1e8 + 5.5, -11]);
  // Variance of 1..10 is 110/12.
  const variance = 110 / 12;
  [variance, -2 * variance, -2 * variance, 4 * variance].forEach((expected, i) => {
    expect(covariance[i]).toBeCloseTo(expected, 10);
  });
});

test('standard errors are those of AR(1) chains in closed form', () => {
  const [chains, draws, rho] = [4, 20_000, 0.7];
  const { meanError, covarianceError } = chainMoments(correlated(1, chains, draws, rho));
  const count = chains * draws;
  // Mean: √(τ/N), τ = (1 + ρ)/(1 − ρ). Products of Gaussians have autocorrelation ρ^{2t} and
  // variance Σ_ii Σ_jj + Σ_ij².
  const meanExpected = Math.sqrt((1 + rho) / (1 - rho) / count);
  const tau = (1 + rho ** 2) / (1 - rho ** 2);
  const product = (covariance: number) => Math.sqrt(((1 + covariance ** 2) * tau) / count);
  for (const error of meanError) expect(Math.abs(error / meanExpected - 1)).toBeLessThan(0.15);
  [product(1), product(0.6), product(0.6), product(1)].forEach((expected, i) => {
    expect(Math.abs(covarianceError[i]! / expected - 1)).toBeLessThan(0.15);
  });
});

test('standard errors are the spread of the estimates over 200 repetitions', () => {
  const runs = Array.from({ length: 200 }, (_, seed) =>
    chainMoments(correlated(seed, 2, 400, 0.5)),
  );
  const truth = { mean: 0, variance: 1, covariance: 0.6 };
  const within = (score: (run: (typeof runs)[number]) => number) =>
    Math.sqrt(runs.reduce((sum, run) => sum + score(run) ** 2, 0) / runs.length);
  // The root mean square of 200 standard scores is 1 ± 0.05; a third more room for their errors.
  const scores = [
    within(({ mean, meanError }) => (mean[1]! - truth.mean) / meanError[1]!),
    within((run) => (run.covariance[0]! - truth.variance) / run.covarianceError[0]!),
    within((run) => (run.covariance[1]! - truth.covariance) / run.covarianceError[1]!),
  ];
  for (const score of scores) {
    expect(score).toBeGreaterThan(0.8);
    expect(score).toBeLessThan(1.25);
  }
});

test('the diagonal alone is the diagonal of the whole', () => {
  const draws = correlated(3, 2, 50, 0.2);
  const full = chainMoments(draws);
  const diagonal = chainMoments(draws, { covariance: 'diagonal' });
  expect(diagonal.mean).toEqual(full.mean);
  expect([...diagonal.covariance]).toEqual([full.covariance[0], full.covariance[3]]);
  expect([...diagonal.covarianceError]).toEqual([full.covarianceError[0], full.covarianceError[3]]);
});

test('a coordinate that never changes has no variance and no error', () => {
  const { mean, meanError, covariance, covarianceError } = chainMoments(
    drawsOf(new Array(12).fill(0.1), new Array(12).fill(0.1)),
  );
  expect([mean[0], meanError[0], covariance[0], covarianceError[0]]).toEqual([0.1, 0, 0, 0]);
});

test('refuses too few draws and NaN', () => {
  expect(() => chainMoments(drawsOf([1, 2, 3]))).toThrow(
    anError('invalid', { draws: 3, least: 10 }),
  );
  expect(() => chainMoments(drawsOf([1, 2, Number.POSITIVE_INFINITY]))).toThrow(
    anError('invalid', { draws: 3 }),
  );
});
