import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Denoiser } from '../density/index.ts';
import { targetOf } from '../sample/index.ts';
import { anError } from '../testing-errors.ts';
import { equivarianceError } from './equivariance.ts';

/**
 * Scores each measurement by a factor of its own, s_m = c_m y_m: turns with them only where all c
 * are equal.
 */
const scaling = (factors: readonly number[], d: number) => ({
  score: async (y: Float32Array, out: Float32Array) => {
    y.forEach((value, i) => {
      out[i] = factors[Math.floor(i / d) % factors.length]! * value;
    });
  },
});

describe('the equivariance error of a score', () => {
  test('is that of pairs in closed form where measurements are treated unlike', async () => {
    // Two measurements have one other order: s(πy) − πs(y) = (y_2 − 2y_2, 2y_1 − y_1).
    const y = Float32Array.of(3, 4, 0, 2, 1, 0, 0, 1);
    const error = await equivarianceError(scaling([1, 2], 2), y, 2, { measurements: 2 });
    const first = Math.sqrt((25 + 4) / (25 + 4 * 4));
    const second = Math.sqrt((1 + 1) / (1 + 4));
    expect(error.mean).toBeCloseTo((first + second) / 2, 6);
    expect(error.largest).toBeCloseTo(first, 6);
  });

  test('is that of each order, whatever the seed, where a single measurement is unlike', async () => {
    // Of three measurements of length 1, s = (2y_1, y_2, y_3): an order that moves the first
    // changes two of them by 1.
    const y = Float32Array.of(1, 1, 1);
    const options = { measurements: 3, permutations: 600, seed: 4 };
    const { mean, largest } = await equivarianceError(scaling([2, 1, 1], 1), y, 1, options);
    const moved = Math.sqrt(2 / 6);
    expect(largest).toBeCloseTo(moved, 6);
    // Of the five other orders one leaves the first in place; 4.5 standard errors: 7 in a million.
    expect(Math.abs(mean / moved - 4 / 5)).toBeLessThan(4.5 * Math.sqrt(0.16 / 600));
  });

  test('is nothing but rounding for any function of the mean, as GPS is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        async (measurements, rows, seed) => {
          const denoiser: Denoiser = {
            shape: [3],
            sigma: 0.5,
            denoise: async (z, out) => {
              z.forEach((value, i) => {
                out[i] = Math.tanh(value + z[i - (i % 3)]!);
              });
            },
          };
          const y = Float32Array.from({ length: rows * measurements * 3 }, (_, i) =>
            Math.sin(i * 1.7 + seed),
          );
          const target = targetOf(denoiser, measurements, rows);
          const { largest } = await equivarianceError(target, y, rows, { measurements, seed });
          expect(largest).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  test('is none where the score is 0, and asks for two measurements', async () => {
    const y = new Float32Array(4);
    expect(await equivarianceError(scaling([1, 2], 2), y, 1, { measurements: 2 })).toEqual({
      mean: 0,
      largest: 0,
    });
    await expect(equivarianceError(scaling([1], 4), y, 1, { measurements: 1 })).rejects.toThrow(
      anError('invalid', { option: 'measurements', value: 1, least: 2 }),
    );
  });
});
