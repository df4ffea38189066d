import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { effectiveNoise, gpsScore, meanOfMeasurements, universalityClass } from './gps.ts';

const finite = fc.float({ min: -8, max: 8, noNaN: true });

describe('universality classes', () => {
  test('paper A: (1, 1/4), (4, 1/2) and (16, 1) are one class', () => {
    for (const [measurements, sigma] of [
      [1, 0.25],
      [4, 0.5],
      [16, 1],
    ] as const) {
      expect(effectiveNoise(sigma, measurements)).toBe(0.25);
      const family = universalityClass(measurements, sigma);
      expect(family.effectiveSigma).toBe(0.25);
      expect([1, 4, 16].map(family.members)).toEqual([0.25, 0.5, 1]);
    }
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses sigma %s', (sigma) => {
    expect(() => effectiveNoise(sigma, 1)).toThrow(UserError);
    expect(() => universalityClass(1, sigma)).toThrow(
      /^sigma: \S+ is not a noise level; give [^\n]+$/,
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %s measurements', (measurements) => {
    expect(() => effectiveNoise(1, measurements)).toThrow(UserError);
    expect(() => universalityClass(measurements, 1)).toThrow(/^measurements: [^\n]+ at least 1$/);
    expect(() => universalityClass(1, 1).members(measurements)).toThrow(UserError);
  });
});

/**
 * −log p_Y(y) for x ~ N(0, τ² I): (Σ‖y_m‖² − M‖ȳ‖²)/(2σ²) + φ(ȳ) with its exact φ, in double
 * precision.
 */
function gaussianEnergy(
  y: readonly number[],
  measurements: number,
  sigma: number,
  tau: number,
): number {
  const d = y.length / measurements;
  let energy = 0;
  for (let i = 0; i < d; i++) {
    const column = Array.from({ length: measurements }, (_, m) => y[m * d + i]!);
    const mean = column.reduce((sum, value) => sum + value, 0) / measurements;
    const squares = column.reduce((sum, value) => sum + value * value, 0);
    energy += (squares - measurements * mean * mean) / (2 * sigma * sigma);
    energy += (mean * mean) / (2 * (tau * tau + (sigma * sigma) / measurements));
  }
  return energy;
}

describe('gpsScore', () => {
  test('is minus the gradient of the exact energy of a Gaussian', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.array(finite, { minLength: 18, maxLength: 18 }),
        (measurements, d, sigma, tau, values) => {
          const y = Float32Array.from(values.slice(0, measurements * d));
          const effective = effectiveNoise(sigma, measurements);
          const gain = tau ** 2 / (tau ** 2 + effective ** 2);
          const estimate = meanOfMeasurements(y, measurements, d).map((mean) => gain * mean);
          const score = new Float32Array(y.length);
          gpsScore(estimate, y, sigma, measurements, d, score);
          const h = 1e-3;
          for (let i = 0; i < y.length; i++) {
            const at = (shift: number) =>
              gaussianEnergy(
                Array.from(y, (value, j) => (j === i ? value + shift : value)),
                measurements,
                sigma,
                tau,
              );
            const slope = (at(-h) - at(h)) / (2 * h);
            // The energy is quadratic: what is left is float32 in ȳ and ν, at |y| ≤ 8.
            expect(Math.abs(score[i]! - slope)).toBeLessThan(3e-6 / sigma ** 2 + 1e-7);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('proposition 1: permuting measurements permutes the scores, to the bit', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5, maxLength: 5 }),
        fc.array(finite, { minLength: 30, maxLength: 30 }),
        (order, values) => {
          const [measurements, d] = [5, 3];
          const permute = (from: Float32Array) =>
            from.map((_, at) => {
              const chain = Math.floor(at / (measurements * d));
              const m = Math.floor(at / d) % measurements;
              return from[(chain * measurements + order[m]!) * d + (at % d)]!;
            });
          const score = (y: Float32Array) => {
            const nu = meanOfMeasurements(y, measurements, d).map((z) => Math.tanh(3 * z));
            const out = new Float32Array(y.length);
            gpsScore(nu, y, 0.7, measurements, d, out);
            return out;
          };
          const y = Float32Array.from(values);
          expect(score(permute(y))).toEqual(permute(score(y)));
        },
      ),
    );
  });

  test('the mean of one measurement is that measurement; wrong sizes are refused', () => {
    const y = Float32Array.of(1, 2, 3, 4);
    expect(meanOfMeasurements(y, 1, 2)).toEqual(y);
    expect(meanOfMeasurements(y, 2, 2)).toEqual(Float32Array.of(2, 3));
    expect(() => meanOfMeasurements(y, 2, 2, new Float32Array(3))).toThrow(RangeError);
    expect(() => gpsScore(y, y, 1, 2, 2, y)).toThrow(/estimate holds 4 numbers, 2 are needed/);
  });
});
