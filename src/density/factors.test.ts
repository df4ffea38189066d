import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { randomKey } from '../random.ts';
import { sampleSmoothed } from './density.ts';
import { largestCurvature } from './factors.ts';
import { exactFamily, hasLevel } from './family.ts';
import { gaussian } from './gaussian.ts';
import { mixture } from './mixture.ts';
import { findTarget } from './targets.ts';

test('of a Gaussian it is the curvature of its conditional, in closed form', () => {
  const density = gaussian(
    [1, -1],
    [
      [2, 0],
      [0, 0.1],
    ],
  );
  const [sigma, before, size] = [1.3, 3, 2];
  // Given n measurements x has variance s = 1/(1/τ² + n/σ²); the block's mean has s + σ²/b.
  const given = 1 / (1 / 2 + before / sigma ** 2);
  const expected = -1 / (1 / (1 / 0.1 + before / sigma ** 2) + sigma ** 2 / size);
  const found = largestCurvature(density, { sigma, before, size }, Float64Array.of(0.3, 2));
  // The widest direction is the flattest.
  expect(found[0]).toBeCloseTo(-1 / (given + sigma ** 2 / size), 7);
  expect(found[0]!).toBeGreaterThan(expected);
});

test('two points: y_1 has one mode where σ is at least half their distance, exactly', () => {
  const pair = mixture({
    weights: [0.5, 0.5],
    means: [[-1], [1]],
    covariances: [[[1e-12]], [[1e-12]]],
  });
  const middle = (sigma: number) =>
    largestCurvature(pair, { sigma, before: 0 }, Float64Array.of(0))[0]!;
  // −log p has curvature (1/σ²)(1 − a²/σ²) in the middle of −a and a.
  for (const sigma of [0.8, 1, 1.5]) {
    expect(middle(sigma)).toBeCloseTo((1 / sigma ** 2) * (1 / sigma ** 2 - 1), 5);
  }
});

test('factors grow more log-concave with t, as blocks that double do', () => {
  const density = findTarget('eight-gaussians');
  const { spread } = exactFamily(density);
  const sigma = spread!;
  const at = (before: number, size: number) => {
    const { ybar } = sampleSmoothed(density, sigma / Math.sqrt(before + size), randomKey(4), 400);
    const curvature = largestCurvature(density, { sigma, before, size }, ybar);
    // In units of the block's own precision: −1 is a Gaussian of the noise alone.
    return curvature.map((value) => (value * sigma ** 2) / size);
  };
  const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const ones = [0, 1, 3, 7, 15].map((before) => mean(at(before, 1)));
  for (let k = 1; k < ones.length; k++) expect(ones[k]!).toBeLessThan(ones[k - 1]!);
  expect(ones[0]).toBeLessThan(0);
  expect(ones.at(-1)).toBeLessThan(-0.9);
  // At the spread itself the first factor is log-concave everywhere that was looked.
  expect(Math.max(...at(0, 1))).toBeLessThan(0);
  for (const size of [1, 2, 4, 8]) expect(mean(at(size, size))).toBeLessThan(-0.4);
});

test('the spread of a density is its largest standard deviation', () => {
  const density = gaussian(
    [5, 5],
    [
      [4, 1.9],
      [1.9, 1],
    ],
  );
  // Eigenvalues of the covariance; 2,048 draws give the deviation to 1/√4096, at 4.5 of these.
  const largest = Math.sqrt(2.5 + Math.sqrt(1.5 ** 2 + 1.9 ** 2));
  expect(Math.abs(exactFamily(density).spread! / largest - 1)).toBeLessThan(4.5 / 64);
});

test('an exact family is the density at each level; a level is found to a part in a million', () => {
  const family = exactFamily(findTarget('rings'));
  expect(family.at(0.3).sigma).toBe(0.3);
  expect(() => family.at(0)).toThrow(UserError);
  expect(hasLevel(family.levels, 1e-9)).toBe(true);
  expect(hasLevel({ values: [0.5, 1] }, 0.5 * (1 + 1e-9))).toBe(true);
  expect(hasLevel({ values: [0.5, 1] }, 0.6)).toBe(false);
  expect(hasLevel({ from: 0.5, to: 1 }, 1.01)).toBe(false);
});
