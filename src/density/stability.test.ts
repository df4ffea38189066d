import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { gaussianNoise } from './noise.ts';
import { gaussianSpectrum } from './spectrum.ts';
import { contraction, type LinearKernel, largestStableStep, linearKernels } from './stability.ts';

/** One step of the mean of each kernel on N(0, 1/λ), written out from its docstring. */
const steps: Record<
  LinearKernel,
  (y: number, v: number, p: { delta: number; gamma: number; u: number; lambda: number }) => number[]
> = {
  sachs(y, v, { delta, gamma, u, lambda }) {
    const middle = y + (delta * v) / 2;
    const force = (-u * delta * lambda * middle) / 2;
    const after = Math.exp(-gamma * delta) * (v + force) + force;
    return [middle + (delta * after) / 2, after];
  },
  baoab(y, v, { delta, gamma, u, lambda }) {
    const kicked = v - (u * delta * lambda * y) / 2;
    const middle = y + (delta * kicked) / 2;
    const damped = Math.exp(-gamma * delta) * kicked;
    const end = middle + (delta * damped) / 2;
    return [end, damped - (u * delta * lambda * end) / 2];
  },
  cheng(y, v, { delta, gamma, u, lambda }) {
    const keep = Math.exp(-gamma * delta);
    const score = -lambda * y;
    return [
      y + ((1 - keep) * v) / gamma + (u / gamma) * (delta - (1 - keep) / gamma) * score,
      keep * v + (u / gamma) * (1 - keep) * score,
    ];
  },
  ula: (y, _, { delta, lambda }) => [y - (delta * delta * lambda * y) / 2, 0],
  'baoab-limit': (y, _, { delta, lambda }) => [y - (delta * delta * lambda * y) / 2, 0],
};

/** The largest |eigenvalue| of the 2 × 2 matrix of a step, by a dense solver. */
function radius(
  kernel: LinearKernel,
  p: { delta: number; gamma: number; u: number; lambda: number },
): number {
  const columns = [steps[kernel](1, 0, p), steps[kernel](0, 1, p)];
  const matrix = new Matrix(columns).transpose();
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(matrix);
  return Math.max(...realEigenvalues.map((re, i) => Math.hypot(re, imaginaryEigenvalues[i]!)));
}

describe.each(linearKernels)('%s', (kernel) => {
  const cases = fc.record({
    delta: fc.double({ min: 0.05, max: 2, noNaN: true }),
    friction: fc.double({ min: 0.02, max: 4, noNaN: true }),
    u: fc.double({ min: 0.3, max: 3, noNaN: true }),
    variances: fc.array(fc.double({ min: 0.05, max: 4, noNaN: true }), {
      minLength: 1,
      maxLength: 3,
    }),
  });

  test('contraction is the spectral radius of the step itself', () => {
    fc.assert(
      fc.property(cases, ({ delta, friction, u, variances }) => {
        const spectrum = gaussianSpectrum(variances, gaussianNoise(0.5, 2));
        const expected = Math.max(
          ...spectrum.eigenvalues.map(({ value: lambda }) =>
            radius(kernel, { delta, gamma: friction / delta, u, lambda }),
          ),
        );
        const options = { kernel, effectiveFriction: friction, inverseMass: u };
        const value = contraction(spectrum, delta, options);
        // Near a double eigenvalue its digits halve.
        expect(Math.abs(value - expected)).toBeLessThan(1e-6 * (1 + expected));
      }),
    );
  });

  test('below the largest stable step it shrinks, above it grows', () => {
    fc.assert(
      fc.property(cases, ({ friction, u, variances }) => {
        const spectrum = gaussianSpectrum(variances, gaussianNoise(0.5, 2));
        const options = { kernel, effectiveFriction: friction, inverseMass: u };
        const limit = largestStableStep(spectrum, options);
        expect(contraction(spectrum, 0.999 * limit, options)).toBeLessThan(1);
        expect(contraction(spectrum, 1.001 * limit, options)).toBeGreaterThan(1);
      }),
    );
  });
});

test('the published consequences: κ steps for ula, √κ for sachs', () => {
  const spectrum = gaussianSpectrum([100, 1], gaussianNoise(0.1, 1));
  const [low, high] = [spectrum.eigenvalues[0]!.value, spectrum.eigenvalues.at(-1)!.value];
  const kappa = spectrum.conditionNumber;
  const best = contraction(spectrum, Math.sqrt(4 / (low + high)), { kernel: 'ula' });
  expect(best).toBeCloseTo((kappa - 1) / (kappa + 1), 12);
  const delta = 1 / Math.sqrt(high);
  const effectiveFriction = 2 * Math.sqrt(low) * delta;
  const sachs = contraction(spectrum, delta, { kernel: 'sachs', effectiveFriction });
  expect(Math.log(sachs) / (-1 / Math.sqrt(kappa))).toBeGreaterThan(0.9);
  expect(Math.log(sachs) / (-1 / Math.sqrt(kappa))).toBeLessThan(1.1);
});

test('vanishing friction is the limit of small friction', () => {
  const spectrum = gaussianSpectrum([1], gaussianNoise(1, 2));
  for (const delta of [0.3, 1]) {
    const [small, smaller] = [0.00101, 0.00099].map((effectiveFriction) =>
      contraction(spectrum, delta, { kernel: 'cheng', effectiveFriction }),
    );
    expect(Math.abs(small! - smaller!)).toBeLessThan(1e-4);
  }
});

test('refuses a friction, a mass or a step that is none', () => {
  const spectrum = gaussianSpectrum([1], gaussianNoise(1, 1));
  const bad = () => largestStableStep(spectrum, { kernel: 'sachs', effectiveFriction: -1 });
  expect(bad).toThrow(UserError);
  expect(bad).toThrow(/^friction: -1 is not an effective friction/);
  expect(() => contraction(spectrum, 0, { kernel: 'ula' })).toThrow(/^step-size: 0 is not a step/);
  expect(() => largestStableStep(spectrum, { kernel: 'ula', inverseMass: 0 })).toThrow(
    /^inverse-mass: 0 is not one/,
  );
});
