import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomKey } from '../random.ts';
import { exactDenoiser } from './density.ts';
import { empirical } from './empirical.ts';
import { estimateFromScore, sufficientMean } from './estimator.ts';
import { gpsLogDensity, gpsScore, meanOfMeasurements } from './gps.ts';
import { mDensity } from './m-density.ts';
import { moveToMember } from './member.ts';
import { mixture } from './mixture.ts';
import { gaussianNoise, sampleMeasurements, unequalGaussianNoise } from './noise.ts';
import { findTarget } from './targets.ts';
import {
  difference,
  jointLogDensity,
  kolmogorovSmirnov,
  measuredMixtures,
  rowAt,
  slopes,
  valueAt,
} from './testing.ts';

const column = (from: Float64Array, width: number, i: number) =>
  from.filter((_, at) => at % width === i);

describe('M-density of a mixture', () => {
  test('log-density, energy and score are those of the dense joint density, for any σ_m', () => {
    fc.assert(
      fc.property(measuredMixtures, ({ parameters, sigmas, y }) => {
        const noise = unequalGaussianNoise(sigmas);
        const exact = mDensity(mixture(parameters), noise);
        const joint = (at: readonly number[]) => jointLogDensity(parameters, sigmas, at);
        expect(difference([valueAt(exact.logDensity, y)], [joint(y)])).toBeLessThan(1e-11);
        expect(valueAt(exact.energy, y)).toBe(-valueAt(exact.logDensity, y));
        expect(difference(rowAt(exact.score, y), slopes(joint, y))).toBeLessThan(1e-6);
      }),
      { numRuns: 150 },
    );
  });

  test('every measurement gives the same estimator, from differences of the joint density too', () => {
    fc.assert(
      fc.property(measuredMixtures, ({ d, parameters, sigmas, y }) => {
        const noise = unequalGaussianNoise(sigmas);
        const exact = mDensity(mixture(parameters), noise);
        const xhat = rowAt(exact.estimate, y, d);
        const slope = slopes((at) => jointLogDensity(parameters, sigmas, at), y);
        for (const m of sigmas.keys()) {
          const own = new Float64Array(d);
          const batch = Float64Array.from(y);
          estimateFromScore(Float64Array.from(rowAt(exact.score, y)), batch, noise, m, d, own);
          expect(difference(own, xhat)).toBeLessThan(1e-11);
          estimateFromScore(Float64Array.from(slope), batch, noise, m, d, own);
          expect(difference(own, xhat)).toBeLessThan(4e-6);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('E[x | y] by quadrature over x, in one dimension with unequal noise', () => {
    fc.assert(
      fc.property(
        measuredMixtures.filter(({ d }) => d === 1),
        ({ parameters: { weights, means, covariances }, sigmas, y }) => {
          let [mass, moment] = [0, 0];
          // The trapezoidal rule converges exponentially here: prior s.d. ≥ 0.3, ±16 is beyond 5
          // s.d.
          for (let x = -16; x <= 16; x += 0.02) {
            let density = 0;
            for (const [k, weight] of weights.entries()) {
              const variance = covariances[k]![0]![0]!;
              const offset = x - means[k]![0]!;
              density += (weight * Math.exp((-offset * offset) / (2 * variance))) / variance ** 0.5;
            }
            for (const [m, sigma] of sigmas.entries()) {
              density *= Math.exp(-((y[m]! - x) ** 2) / (2 * sigma * sigma));
            }
            mass += density;
            moment += density * x;
          }
          const exact = mDensity(
            mixture({ weights, means, covariances }),
            unequalGaussianNoise(sigmas),
          );
          expect(difference(rowAt(exact.estimate, y, 1), [moment / mass])).toBeLessThan(1e-8);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('float32 in and out; the score may overwrite y; wrong sizes are refused', () => {
    const exact = mDensity(findTarget('eight-gaussians'), gaussianNoise(1, 2));
    const y = Float32Array.of(1, 2, 3, 4, -1, 0, 0, 1);
    const score = new Float32Array(8);
    exact.score(y, score);
    const own = y.slice();
    exact.score(own, own);
    expect(own).toEqual(score);
    expect(() => exact.logDensity(y, new Float64Array(3))).toThrow(/out holds 3 numbers, 2 are/);
    expect(() => exact.score(y.subarray(1), score)).toThrow(RangeError);
  });
});

test('an empirical M-density is the sum over its points', () => {
  const points = Float64Array.of(0, 0, 1, 2, -1, 0.5);
  const sigmas = [0.6, 1.1, 0.8];
  const y = [0.2, 0.1, 1.5, 1, -0.5, 0.3];
  const exact = mDensity(empirical(points, 2), unequalGaussianNoise(sigmas));
  let [mass, first, second] = [0, 0, 0];
  for (let k = 0; k < 3; k++) {
    let term = 1 / 3;
    for (const [at, value] of y.entries()) {
      const sigma = sigmas[Math.floor(at / 2)]!;
      const offset = (value - points[2 * k + (at % 2)]!) / sigma;
      term *= Math.exp((-offset * offset) / 2) / (Math.sqrt(2 * Math.PI) * sigma);
    }
    mass += term;
    first += term * points[2 * k]!;
    second += term * points[2 * k + 1]!;
  }
  expect(valueAt(exact.logDensity, y)).toBeCloseTo(Math.log(mass), 12);
  expect(difference(rowAt(exact.estimate, y, 2), [first / mass, second / mass])).toBeLessThan(
    1e-12,
  );
});

test('proposition 1: permuting measurements permutes the scores, to the bit', () => {
  const exact = mDensity(findTarget('two-moons'), gaussianNoise(0.8, 5));
  fc.assert(
    fc.property(
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5, maxLength: 5 }),
      fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 10, maxLength: 10 }),
      (order, values) => {
        const permute = (from: readonly number[]) =>
          from.map((_, at) => from[order[Math.floor(at / 2)]! * 2 + (at % 2)]!);
        expect(rowAt(exact.score, permute(values))).toEqual(permute(rowAt(exact.score, values)));
        expect(rowAt(exact.estimate, permute(values), 2)).toEqual(rowAt(exact.estimate, values, 2));
      },
    ),
  );
});

describe('universality', () => {
  const n = 4000;
  const density = findTarget('rings');

  /** x̂ and ‖x − x̂‖² of n draws at (M, σ̃√M). */
  function draw(effectiveSigma: number, measurements: number, seed: number) {
    const noise = gaussianNoise(effectiveSigma * Math.sqrt(measurements), measurements);
    const x = density.sample(randomKey(seed, 0), n);
    const y = sampleMeasurements(noise, x, 2, randomKey(seed, 1));
    const xhat = new Float64Array(n * 2);
    mDensity(density, noise).estimate(y, xhat);
    const loss = Float64Array.from(
      { length: n },
      (_, i) => (x[2 * i]! - xhat[2 * i]!) ** 2 + (x[2 * i + 1]! - xhat[2 * i + 1]!) ** 2,
    );
    return { xhat, loss };
  }
  const one = draw(0.7, 1, 1);

  // Kolmogorov–Smirnov with size 0.001 for each test; 6 tests and fixed seeds.
  test.each([4, 16])('proposition 2 and corollary 1: one law of loss and x̂ at M = %i', (m) => {
    const other = draw(0.7, m, m);
    expect(kolmogorovSmirnov(one.loss, other.loss)).toBeLessThan(1.95);
    for (const i of [0, 1]) {
      const statistic = kolmogorovSmirnov(column(one.xhat, 2, i), column(other.xhat, 2, i));
      expect(statistic).toBeLessThan(1.95);
    }
  });

  test('the test has power: another class is told apart', () => {
    expect(kolmogorovSmirnov(one.loss, draw(0.8, 4, 4).loss)).toBeGreaterThan(1.95);
  });
});

test('the denoiser, moved to a member, gives the M-density in single precision', async () => {
  const [d, measurements] = [2, 4];
  const density = findTarget('checkerboard');
  const denoiser = exactDenoiser(density, 0.4);
  const member = moveToMember(denoiser, measurements);
  expect(member.sigma).toBe(0.8);
  const exact = mDensity(density, gaussianNoise(0.8, measurements));
  const x = density.sample(randomKey(3), 20);
  const y = Float32Array.from(sampleMeasurements(exact.noise, x, d, randomKey(4)));
  const [score, expected] = [new Float32Array(y.length), new Float64Array(y.length)];
  exact.score(y, expected);
  await member.score(y, score);
  expect(difference(score, expected)).toBeLessThan(2e-5);
  const ybar = meanOfMeasurements(y, measurements, d);
  await denoiser.denoise(ybar, ybar);
  gpsScore(ybar, y, 0.8, measurements, d, score);
  expect(difference(score, expected)).toBeLessThan(2e-5);

  const [log, expectedLog] = [new Float64Array(20), new Float64Array(20)];
  await denoiser.logDensity(meanOfMeasurements(y, measurements, d), log);
  gpsLogDensity(log, y, 0.8, measurements, d, log);
  exact.logDensity(y, expectedLog);
  expect(difference(log, expectedLog)).toBeLessThan(1e-6);
});

test('the sufficient mean weighs by precision and keeps its law', () => {
  const noise = unequalGaussianNoise([0.5, 1, 2]);
  const out = new Float64Array(1);
  sufficientMean(Float64Array.of(1, 2, 3), noise, 1, out);
  expect(out[0]).toBeCloseTo((4 * 1 + 2 + 0.25 * 3) / 5.25, 14);
  expect(noise.effectiveSigma).toBeCloseTo(1 / Math.sqrt(5.25), 14);
  const y = sampleMeasurements(noise, new Float64Array(20_000), 1, randomKey(9));
  const means = new Float64Array(20_000);
  sufficientMean(y, noise, 1, means);
  const variance = means.reduce((sum, value) => sum + value * value, 0) / means.length;
  // Standard error of the variance of a Gaussian: √(2/n); 4 of them.
  expect(Math.abs(variance * 5.25 - 1)).toBeLessThan(4 * Math.sqrt(2 / means.length));
  expect(() => estimateFromScore(out, out, gaussianNoise(1, 1), 1, 1, out)).toThrow(RangeError);
});
