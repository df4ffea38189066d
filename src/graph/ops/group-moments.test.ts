import { describe, expect, test } from 'vitest';
import { constant } from '../tensor.ts';
import { createDraw, evaluate, fed } from '../testing.ts';
import { groupMean, inverseDeviation } from './group-moments.ts';
import { groupNorm } from './group-norm.ts';

const [n, c, h, w, groups] = [2, 64, 8, 8, 16];
const length = (c / groups) * h * w;
const epsilon = 1e-5;

/** Means, inverse deviations and the normalised image, in double precision. */
function moments(values: Float32Array) {
  const parts = Array.from({ length: n * groups }, (_, i) =>
    Array.from(values.subarray(i * length, (i + 1) * length)),
  );
  const mean = parts.map((part) => part.reduce((sum, v) => sum + v / length, 0));
  const inverse = parts.map((part, i) => {
    const variance = part.reduce((sum, v) => sum + (v - mean[i]!) ** 2 / length, 0);
    return 1 / Math.sqrt(variance + epsilon);
  });
  const normal = parts.flatMap((part, i) => part.map((v) => (v - mean[i]!) * inverse[i]!));
  return { mean, inverse, normal };
}

/** Largest errors of a graph for values of deviation 1 around `centre`. */
async function errors(centre: number, deviation = 1) {
  const draw = createDraw(31);
  const values = draw.normal(n * c * h * w).map((v) => centre + deviation * v);
  const x = fed([n, c, h, w], values);
  const [ones, zeros] = [new Float32Array(c).fill(1), new Float32Array(c)].map((v) => constant(v));
  const options = { groups, epsilon };
  const found = await evaluate({
    mean: groupMean(x, options),
    inverse: inverseDeviation(x, options),
    normal: groupNorm(x, ones!, zeros!, options),
  });
  const exact = moments(values);
  const error = (name: keyof typeof exact) =>
    found[name].reduce((most, v, i) => Math.max(most, Math.abs(v - exact[name][i]!)), 0);
  return { mean: error('mean'), inverse: error('inverse'), normal: error('normal') };
}

describe('mean, deviation and norm of groups against double precision', () => {
  test('are exact to rounding where the mean is about the deviation', async () => {
    const found = await errors(0.5);
    expect(found.mean).toBeLessThan(1e-6);
    expect(found.inverse).toBeLessThan(1e-6);
    expect(found.normal).toBeLessThan(5e-6);
  });

  // On blocks the variance is E x² − (E x)²: its error grows with the square of mean / deviation.
  test.each([3, 10, 30])('lose the square of mean / deviation = %i at most', async (ratio) => {
    const found = await errors(ratio);
    expect(found.inverse).toBeLessThan(1e-6 * ratio ** 2);
    expect(found.normal).toBeLessThan(5e-6 * ratio ** 2);
  });

  test('a constant has a finite norm, near 0', async () => {
    const found = await errors(5, 0);
    expect(found.normal).toBeLessThan(0.01);
    // 1/√ε = 316 where the variance comes out as 0; rounding leaves at most 25·1e-6 of it.
    expect(Number.isFinite(found.inverse)).toBe(true);
  });
});
