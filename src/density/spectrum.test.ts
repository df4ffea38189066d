import fc from 'fast-check';
import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { gaussianNoise, unequalGaussianNoise } from './noise.ts';
import { gaussianSpectrum, gaussianSpectrumOf, type Spectrum } from './spectrum.ts';
import { mixtures } from './testing.ts';

const expand = ({ eigenvalues }: Spectrum) =>
  eigenvalues.flatMap(({ value, multiplicity }) => new Array<number>(multiplicity).fill(value));

/** Eigenvalues of the inverse of 11ᵀ ⊗ C + diag(σ_m²) ⊗ I, dense. */
function dense(covariance: readonly (readonly number[])[], sigmas: readonly number[]): number[] {
  const d = covariance.length;
  const joint = Matrix.zeros(d * sigmas.length, d * sigmas.length);
  for (let a = 0; a < joint.rows; a++) {
    for (let b = 0; b < joint.rows; b++) {
      const noise = a === b ? sigmas[Math.floor(a / d)]! ** 2 : 0;
      joint.set(a, b, covariance[a % d]![b % d]! + noise);
    }
  }
  const precision = inverse(joint);
  const symmetric = Matrix.add(precision, precision.transpose()).mul(0.5);
  const { realEigenvalues } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  return realEigenvalues.sort((a, b) => a - b);
}

function expectSame(spectrum: Spectrum, expected: readonly number[]): void {
  const values = expand(spectrum);
  expect(values).toHaveLength(expected.length);
  const largest = expected.at(-1)!;
  for (const [i, value] of values.entries()) {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-10 * largest);
  }
  const condition = largest / expected[0]!;
  expect(Math.abs(spectrum.conditionNumber / condition - 1)).toBeLessThan(1e-9 * condition);
}

describe('gaussianSpectrum', () => {
  test('full covariances and random unequal σ_m, repeats included, against the dense precision', () => {
    const sigma = fc.oneof(
      fc.double({ min: 0.3, max: 3, noNaN: true }),
      fc.constantFrom(0.5, 1, 2),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain(mixtures),
        fc.array(sigma, { minLength: 1, maxLength: 5 }),
        ({ covariances: [covariance] }, sigmas) => {
          const spectrum = gaussianSpectrumOf(covariance!, unequalGaussianNoise(sigmas));
          expectSame(spectrum, dense(covariance!, sigmas));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('equal noise: the closed form, in one class κ = 1 + τ²max/σ̃² for every M > 1', () => {
    const { eigenvalues, conditionNumber } = gaussianSpectrum([4, 1, 1], gaussianNoise(0.5, 3));
    expect(eigenvalues).toEqual([
      { value: 1 / 12.25, multiplicity: 1 },
      { value: 1 / 3.25, multiplicity: 2 },
      { value: 4, multiplicity: 6 },
    ]);
    expect(conditionNumber).toBeCloseTo(49, 12);
    for (const measurements of [2, 4, 64]) {
      const noise = gaussianNoise(0.7 * Math.sqrt(measurements), measurements);
      expect(gaussianSpectrum([4, 1], noise).conditionNumber).toBeCloseTo(1 + 4 / 0.49, 12);
    }
    const one = gaussianSpectrum([4, 1], gaussianNoise(0.7, 1));
    expect(one.conditionNumber).toBeCloseTo((0.49 + 4) / (0.49 + 1), 13);
  });

  test('the secular equation agrees with the closed form where σ_m are nearly equal', () => {
    const near = gaussianSpectrum([4, 0.05], unequalGaussianNoise([1.3, 1.3 * (1 + 1e-9), 1.3]));
    const equal = gaussianSpectrum([4, 0.05], gaussianNoise(1.3, 3));
    for (const [i, value] of expand(near).entries()) {
      expect(value).toBeCloseTo(expand(equal)[i]!, 8);
    }
  });

  test('the smallest eigenvalue keeps its digits at a condition number of 10^14', () => {
    const noise = unequalGaussianNoise([1e-3, 2e-3]);
    const { eigenvalues } = gaussianSpectrum([1e8], noise);
    // Weak noise: 1/λ = 1ᵀ Cov(y) 1/2 = 2τ² + mean σ_m², to first order in σ²/τ² = 1e-14.
    expect(eigenvalues[0]!.value * (2e8 + 2.5e-6)).toBeCloseTo(1, 12);
  });

  test.each([
    [[1, -1e-9], /^variances\[1\]: -1e-9 is not a variance; give 0 or more$/],
    [[Number.NaN], /^variances\[0\]: NaN is not a finite number$/],
    [[], /^variances: is empty/],
  ])('refuses variances %j', (variances, message) => {
    const noise = gaussianNoise(1, 2);
    expect(() => gaussianSpectrum(variances, noise)).toThrow(UserError);
    expect(() => gaussianSpectrum(variances, noise)).toThrow(message);
  });

  test('refuses a covariance or noise that is none', () => {
    const noise = gaussianNoise(1, 2);
    expect(() => gaussianSpectrumOf([[1, 2]], noise)).toThrow(/^covariance\[0\]: has 2 numbers/);
    expect(() => unequalGaussianNoise([1, 0])).toThrow(/^sigmas\[1\]: 0 is not a noise level/);
    expect(() => unequalGaussianNoise([])).toThrow(/^sigmas: is empty/);
  });
});
