import { describe, expect, test } from 'vitest';
import { exactDenoiser, gaussian as gaussianDensity } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { collect } from './collect.ts';
import type { Kernel } from './kernel.ts';
import { kernels } from './kernels/index.ts';
import { metricOf, startWalk, temperedMasses } from './metric.ts';
import { chainNoise } from './noise.ts';
import { gaussian, worstMoment } from './testing.ts';
import { walkJump } from './walk-jump.ts';

const u = [0.25, 4, 1];
const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
const basis = [c, s, 0, -s, c, 0, 0, 0, 1];

test.each([
  ['along coordinates', metricOf(u)],
  ['along a basis', metricOf(u, basis)],
] as const)('a metric %s is a linear map, its inverse and its transpose', (_, metric) => {
  const y = Float32Array.of(1, -2, 0.5, 0.3, 0.2, -1);
  const z = new Float32Array(6);
  metric.toWalk(y, z);
  const back = new Float32Array(6);
  metric.fromWalk(z, back);
  back.forEach((value, i) => {
    expect(value).toBeCloseTo(y[i]!, 6);
  });
  // ⟨Az, ψ⟩ = ⟨z, Aᵀψ⟩.
  const psi = Float32Array.of(0.4, 1, -1, 2, 0, 1);
  const pulled = new Float32Array(6);
  metric.pull(psi, pulled);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  expect(dot(y, psi)).toBeCloseTo(dot(z, pulled), 5);
  // A Aᵀ = Bᵀ diag(u) B: in place, twice.
  const own = Float32Array.of(1, 0, 0);
  metric.pull(own, own);
  metric.fromWalk(own, own);
  expect(own[2]).toBeCloseTo(0, 6);
});

test.each(Object.values(kernels) as Kernel[])(
  '$name: a metric of powers of 4 along coordinates is another mass in each, to the bit',
  async (kernel) => {
    const variances = [0.5, 2, 1];
    const parameters = { stepSize: 0.3, friction: 1.2, inverseMass: 1, trajectorySteps: 3 };
    const from = Float32Array.of(1, -1, 0.5, 0, 0.25, 2);
    const walk = startWalk(kernel, gaussian(variances), parameters, chainNoise(4, 2), metricOf(u));
    const state = await walk.init(from);
    for (let k = 0; k < 12; k++) await walk.step(state);
    // The same density in coordinates z = y/√u: scaling by powers of 2 rounds nothing.
    const scaled = gaussian(variances.map((value, i) => value / u[i]!));
    const plain = kernel.start(scaled, parameters, chainNoise(4, 2));
    const own = await plain.init(from.map((value, i) => value / Math.sqrt(u[i % 3]!)));
    for (let k = 0; k < 12; k++) await plain.step(own);
    state.position.forEach((value, i) => {
      expect(value).toBeCloseTo(own.position[i]! * Math.sqrt(u[i % 3]!), 5);
    });
  },
);

test('a walk in a metric has the law of the density, and evens out its directions', async () => {
  const covariance = [
    [4, 0],
    [0, 0],
  ];
  const density = gaussianDensity(
    [0, 0],
    [
      [4, 0],
      [0, 0.01],
    ],
  );
  const denoiser = exactDenoiser(density, 0.3);
  const chains = 4000;
  const options = { chains, steps: 40, jumpEvery: 40, friction: 0.5, stepSize: 0.7, seed: 2 };
  const start = { initial: new Float32Array(2 * chains) };
  const metric = metricOf(temperedMasses([4, 0.01], { sigma: 0.3 }));
  const wide = await collect(walkJump(denoiser, { ...options, ...start, metric }));
  const plain = await collect(walkJump(denoiser, { ...options, ...start }));
  const column = (of: Float32Array) => of.filter((_, at) => at % 2 === 0);
  const exact = [[covariance[0]![0]! + 0.09]];
  // Sachs et al. has no bias here; 40 steps at one pace forget the start, and without a metric they
  // do not: the wide direction is 20 steps of δ = 0.21 across.
  expect(worstMoment([column(wide.ybar)], exact)).toBeLessThan(4.5);
  expect(worstMoment([column(plain.ybar)], exact)).toBeGreaterThan(6);
});

describe('refused', () => {
  test.each([
    ['an inverse mass of 0', () => metricOf([1, 0]), { option: 'metric', index: 1 }],
    ['a basis of another size', () => metricOf([1, 1], [1, 0, 0]), { option: 'metric' }],
    ['a basis that is none', () => metricOf([1, 1], [1, 0, 1, 0]), { option: 'metric' }],
    ['a negative variance', () => temperedMasses([1, -9], { sigma: 1 }), { index: 1 }],
    [
      'a metric of other data',
      () =>
        walkJump(exactDenoiser(gaussianDensity([0], [[1]]), 1), {
          chains: 1,
          steps: 1,
          metric: metricOf([1, 1]),
        }),
      { option: 'metric', dimension: 2, target: 1 },
    ],
  ] as [string, () => unknown, object][])('%s', (_, call, facts) => {
    const error = (() => {
      try {
        return call();
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ facts });
  });
});
