import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import {
  contraction,
  gaussianNoise,
  gaussianSpectrum,
  largestStableStep,
} from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { kernels } from './index.ts';

const linearKernels = ['sachs', 'baoab', 'ubu', 'cheng', 'ula', 'baoab-limit'] as const;
type LinearKernel = (typeof linearKernels)[number];

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
  ubu(y, v, { delta, gamma, u, lambda }) {
    const keep = Math.exp((-gamma * delta) / 2);
    const reach = (1 - keep) / gamma;
    const middle = y + reach * v;
    const pushed = keep * v - u * delta * lambda * middle;
    return [middle + reach * pushed, keep * pushed];
  },
  cheng(y, v, { delta, gamma, u, lambda }) {
    const keep = Math.exp(-gamma * delta);
    const score = -lambda * y;
    return [
      y + ((1 - keep) * v) / gamma + (u / gamma) * (delta - (1 - keep) / gamma) * score,
      keep * v + (u / gamma) * (1 - keep) * score,
    ];
  },
  ula: (y, _, { delta, u, lambda }) => [y - (u * delta * delta * lambda * y) / 2, 0],
  'baoab-limit': (y, _, { delta, u, lambda }) => [y - (u * delta * delta * lambda * y) / 2, 0],
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
        const options = { kernel: kernels[kernel], effectiveFriction: friction, inverseMass: u };
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
        const options = { kernel: kernels[kernel], effectiveFriction: friction, inverseMass: u };
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
  const best = contraction(spectrum, Math.sqrt(4 / (low + high)), { kernel: kernels.ula });
  expect(best).toBeCloseTo((kappa - 1) / (kappa + 1), 12);
  const delta = 1 / Math.sqrt(high);
  const effectiveFriction = 2 * Math.sqrt(low) * delta;
  const sachs = contraction(spectrum, delta, { kernel: kernels.sachs, effectiveFriction });
  expect(Math.log(sachs) / (-1 / Math.sqrt(kappa))).toBeGreaterThan(0.9);
  expect(Math.log(sachs) / (-1 / Math.sqrt(kappa))).toBeLessThan(1.1);
});

test('vanishing friction is the limit of small friction', () => {
  const spectrum = gaussianSpectrum([1], gaussianNoise(1, 2));
  for (const delta of [0.3, 1]) {
    const [small, smaller] = [0.00101, 0.00099].map((effectiveFriction) =>
      contraction(spectrum, delta, { kernel: kernels.cheng, effectiveFriction }),
    );
    expect(Math.abs(small! - smaller!)).toBeLessThan(1e-4);
  }
});

test('refuses a friction, a mass, a step or a kernel that is none', () => {
  const spectrum = gaussianSpectrum([1], gaussianNoise(1, 1));
  const { sachs, ula, malt } = kernels;
  const facts = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      return error instanceof UserError ? { code: error.code, ...error.facts } : error;
    }
    return undefined;
  };
  expect(
    facts(() => largestStableStep(spectrum, { kernel: sachs, effectiveFriction: -1 })),
  ).toMatchObject({ code: 'invalid', option: 'effectiveFriction', value: -1 });
  expect(facts(() => contraction(spectrum, 0, { kernel: ula }))).toMatchObject({
    option: 'stepSize',
  });
  expect(facts(() => largestStableStep(spectrum, { kernel: ula, inverseMass: 0 }))).toMatchObject({
    option: 'inverseMass',
  });
  expect(facts(() => contraction(spectrum, 1, { kernel: malt }))).toMatchObject({
    code: 'unsupported',
    value: 'malt',
  });
});

test('kernels that are linear on a Gaussian are those that have a stability', () => {
  const found = Object.values(kernels).filter((kernel) => 'stability' in kernel);
  expect(found.map(({ name }) => name).sort()).toEqual([...linearKernels].sort());
});
