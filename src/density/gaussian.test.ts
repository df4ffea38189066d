import fc from 'fast-check';
import { inverse, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { gaussian } from './gaussian.ts';
import { difference, mixtures, rowAt } from './testing.ts';

test('ν(z) = μ + C(C + σ̃²I)⁻¹(z − μ), by dense inversion', () => {
  fc.assert(
    fc.property(
      mixtures(3),
      fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 }),
      fc.double({ min: 0.1, max: 4, noNaN: true }),
      ({ means, covariances }, z, sigma) => {
        const covariance = new Matrix(covariances[0]!.map((row) => [...row]));
        const smoothed = Matrix.add(covariance, Matrix.eye(3).mul(sigma * sigma));
        const offset = Matrix.columnVector(z.map((value, i) => value - means[0]![i]!));
        const shift = covariance.mmul(inverse(smoothed)).mmul(offset).to1DArray();
        const expected = shift.map((value, i) => value + means[0]![i]!);
        const density = gaussian(means[0]!, covariances[0]!);
        expect(difference(rowAt(density.smooth(sigma).denoise, z), expected)).toBeLessThan(1e-11);
      },
    ),
  );
});

test('refuses a covariance that is not positive definite and a mean of another dimension', () => {
  expect(() => gaussian([0], [[-2]])).toThrow(
    /^covariance: not positive definite: its smallest eigenvalue is -2; it must be above 0$/,
  );
  expect(() => gaussian([0, 0], [[1]])).toThrow(/^covariance: has 1 row[^\n]+dimension 2/);
  expect(() => gaussian([Number.NaN], [[1]])).toThrow(/^mean\[0\]: NaN is not a finite number$/);
});
