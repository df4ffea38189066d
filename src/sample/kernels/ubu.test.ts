import { describe, expect, test } from 'vitest';
import type { KernelParameters } from '../kernel.ts';
import { type ChainNoise, chainNoise } from '../noise.ts';
import {
  gaussian,
  type LinearStep,
  measuredStep,
  mixtureDeparture,
  order,
  stationaryCovariance,
  worstMoment,
} from '../testing.ts';
import { flow } from './langevin.ts';
import { ubu } from './ubu.ts';

const product = (a: number[][], b: number[][]) =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const transposed = (a: number[][]) => a[0]!.map((_, j) => a.map((row) => row[j]!));

/** The step of the docstring on N(0, variance): U, B, U as matrices on (y, v). */
function recursion(
  variance: number,
  { stepSize, friction, inverseMass }: KernelParameters,
): LinearStep {
  const h = stepSize / 2;
  const keep = Math.exp(-friction * h);
  const u = [
    [1, (1 - keep) / friction],
    [0, keep],
  ];
  const b = [
    [1, 0],
    [(-inverseMass * stepSize) / variance, 1],
  ];
  const { varPosition, covariance, varVelocity } = flow(h, friction, inverseMass);
  const noise = [
    [varPosition, covariance],
    [covariance, varVelocity],
  ];
  const after = product(u, b);
  const first = product(product(after, noise), transposed(after));
  return {
    weight: 1,
    matrix: product(after, u),
    noise: first.map((row, i) => row.map((value, j) => value + noise[i]![j]!)),
  };
}

const settings = [
  { stepSize: 0.5, friction: 1.2, inverseMass: 0.7 },
  { stepSize: 0.2, friction: 0.05, inverseMass: 2 },
  { stepSize: 1.5, friction: 3, inverseMass: 1 },
];

describe('ubu', () => {
  test.each(settings)('one step of the kernel is that of its docstring, %j', async (parameters) => {
    const found = await measuredStep(ubu, 0.8, parameters);
    const exact = recursion(0.8, parameters);
    for (const part of ['matrix', 'noise'] as const) {
      found[part].flat().forEach((value, k) => {
        expect(value).toBeCloseTo(exact[part].flat()[k]!, 5);
      });
    }
  });

  test('stationary covariance on Gaussians is that of its own recursion, bias included', async () => {
    const variances = [1, 0.4, 3];
    const parameters = { stepSize: 1, friction: 1.2, inverseMass: 0.7 };
    const chains = 20_000;
    const walk = ubu.start(gaussian(variances), parameters, chainNoise(78, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 60; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationaryCovariance([recursion(variance, parameters)]);
      const column = (of: Float32Array) => of.filter((_, at) => at % 3 === i);
      // Nine comparisons at 4.5 standard errors: failed by chance once in 16,000 seeds.
      const columns = [column(state.position), column(state.velocity)];
      expect(worstMoment(columns, exact)).toBeLessThan(4.5);
      const target = [
        [variance, 0],
        [0, parameters.inverseMass],
      ];
      if (variance === 0.4) expect(worstMoment(columns, target)).toBeGreaterThan(6);
    });
  });

  test('the bias of the covariance is of second order in δ', () => {
    const bias = (stepSize: number, i: number, j: number) =>
      stationaryCovariance([recursion(1, { stepSize, friction: 1, inverseMass: 1 })])[i]![j]! -
      (i === j ? 1 : 0);
    for (const [i, j] of [
      [0, 0],
      [1, 1],
    ] as const) {
      expect(order(bias(0.1, i, j), bias(0.05, i, j))).toBeCloseTo(2, 1);
    }
  });

  test('at zero friction it is the leapfrog step, without noise', async () => {
    const noise: ChainNoise = { ...chainNoise(1, 1) };
    const parameters = { stepSize: 0.3, friction: 0, inverseMass: 0.8 };
    const walk = ubu.start(gaussian([2]), parameters, noise);
    const state = await walk.init(Float32Array.of(0.6));
    state.velocity[0] = -1.1;
    await walk.step(state);
    const middle = 0.6 - 0.15 * 1.1;
    const velocity = -1.1 + (0.8 * 0.3 * -middle) / 2;
    expect(state.velocity[0]).toBeCloseTo(velocity, 6);
    expect(state.position[0]).toBeCloseTo(middle + 0.15 * velocity, 6);
  });

  test('keeps a mixture within standard errors at a small step, and not at a large one', async () => {
    const small = { stepSize: 0.15, friction: 1.5, inverseMass: 1 };
    // Five statistics at 4 standard errors: failed by chance once in 3,000 seeds.
    const size = { chains: 20_000, steps: 40, seed: 9 };
    expect(await mixtureDeparture(ubu, small, size)).toBeLessThan(4);
    expect(await mixtureDeparture(ubu, { ...small, stepSize: 1.2 }, size)).toBeGreaterThan(6);
  });
});
