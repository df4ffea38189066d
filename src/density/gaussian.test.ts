import fc from 'fast-check';
import { inverse, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { randomKey } from '../random.ts';
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
    /^covariance: not positive semidefinite: its smallest eigenvalue is -2; none may be below 0$/,
  );
  expect(() => gaussian([0, 0], [[1]])).toThrow(/^covariance: has 1 row[^\n]+dimension 2/);
  expect(() => gaussian([Number.NaN], [[1]])).toThrow(/^mean\[0\]: NaN is not a finite number$/);
});

test('a singular covariance has an M-density, and draws that stay in its plane', () => {
  // Rank one: x = (1, 2, 3) z.
  const covariance = [1, 2, 3].map((a) => [1, 2, 3].map((b) => a * b));
  const density = gaussian([0, 0, 0], covariance);
  const x = density.sample(randomKey(3), 50);
  for (let row = 0; row < 50; row++) {
    expect(x[3 * row + 1]).toBeCloseTo(2 * x[3 * row]!, 6);
    expect(x[3 * row + 2]).toBeCloseTo(3 * x[3 * row]!, 6);
  }
  // By Sherman and Morrison x̂ = v (v·z)/(v·v + σ²), with v·v = 14.
  const z = [0.3, -1, 2];
  const dot = 0.3 - 2 + 6;
  const expected = [1, 2, 3].map((v) => (v * dot) / (14 + 0.25));
  expect(difference(rowAt(density.smooth(0.5).denoise, z), expected)).toBeLessThan(1e-11);
  expect(() => density.smooth(0)).toThrow(/^sigma: .* singular/);
});

test.each([
  [1, 1, 1],
  [0.1, 0.3, 0.9],
])(
  'a singular covariance has no density without noise, whatever rounding leaves of it',
  (a, b, c) => {
    const { smooth } = gaussian(
      [0, 0],
      [
        [a, b],
        [b, c],
      ],
    );
    expect(() => smooth(0)).toThrow(/^sigma: .* singular/);
    // C + σ²I with C = vvᵀ: x̂ = v (v·z)/(v·v + σ²).
    const v = [Math.sqrt(a), Math.sqrt(c)];
    const dot = 0.7 * v[0]! - 0.2 * v[1]!;
    const expected = v.map((value) => (value * dot) / (a + c + 1));
    expect(difference(rowAt(smooth(1).denoise, [0.7, -0.2]), expected)).toBeLessThan(1e-12);
  },
);
