import { describe, expect, test } from 'vitest';
import type { KernelParameters } from '../kernel.ts';
import { chainNoise } from '../noise.ts';
import {
  gaussian,
  gram,
  type LinearStep,
  measuredStep,
  mixtureDeparture,
  order,
  silence,
  stationaryCovariance,
  worstMoment,
} from '../testing.ts';
import { baoab } from './baoab.ts';

/** The five lines of the docstring on N(0, variance), applied to unit vectors. */
function recursion(variance: number, parameters: KernelParameters): LinearStep {
  const { stepSize, friction, inverseMass } = parameters;
  const keep = Math.exp(-friction * stepSize);
  const column = (y0: number, v0: number, xi: number) => {
    let [y, v] = [y0, v0];
    v -= (inverseMass * stepSize * y) / variance / 2;
    y += (stepSize * v) / 2;
    v = keep * v + Math.sqrt(inverseMass * (1 - keep * keep)) * xi;
    y += (stepSize * v) / 2;
    v -= (inverseMass * stepSize * y) / variance / 2;
    return [y, v];
  };
  const [a, b] = [column(1, 0, 0), column(0, 1, 0)];
  return {
    weight: 1,
    matrix: [
      [a[0]!, b[0]!],
      [a[1]!, b[1]!],
    ],
    noise: gram(column(0, 0, 1)),
  };
}

const parameters = { stepSize: 0.9, friction: 0.8, inverseMass: 0.7 };

describe('baoab', () => {
  test('one step of the kernel is its five lines', async () => {
    for (const variance of [0.3, 1, 5]) {
      const found = await measuredStep(baoab, variance, parameters);
      const exact = recursion(variance, parameters);
      for (const part of ['matrix', 'noise'] as const) {
        found[part].flat().forEach((value, k) => {
          expect(value).toBeCloseTo(exact[part].flat()[k]!, 6);
        });
      }
    }
  });

  test('stationary covariance on Gaussians is that of its own recursion: positions exact', async () => {
    const variances = [1, 0.3, 4];
    const chains = 20_000;
    const walk = baoab.start(gaussian(variances), parameters, chainNoise(12, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 60; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationaryCovariance([recursion(variance, parameters)]);
      const column = (of: Float32Array) => of.filter((_, at) => at % 3 === i);
      // Nine comparisons at 4.5 standard errors: failed by chance once in 16,000 seeds.
      expect(worstMoment([column(state.position), column(state.velocity)], exact)).toBeLessThan(
        4.5,
      );
      expect(exact[0]![0]).toBeCloseTo(variance, 12);
      expect(exact[1]![1]).toBeCloseTo(0.7 * (1 - (0.7 * 0.81) / (4 * variance)), 12);
    });
  });

  test('the bias of velocities is of second order in δ', () => {
    const bias = (stepSize: number) =>
      stationaryCovariance([recursion(1, { ...parameters, stepSize, inverseMass: 1 })])[1]![1]! - 1;
    expect(order(bias(0.1), bias(0.05))).toBeCloseTo(2, 2);
  });

  test('at zero friction it is reversible and its energy error is of order δ²', async () => {
    const worst: number[] = [];
    for (const stepSize of [0.2, 0.1]) {
      const free = { stepSize, friction: 0, inverseMass: 1 };
      const walk = baoab.start(gaussian([1]), free, silence(1));
      const state = await walk.init(Float32Array.of(1.5));
      state.velocity[0] = 0.5;
      let error = 0;
      const steps = 10 / stepSize;
      for (let k = 0; k < steps; k++) {
        await walk.step(state);
        const energy = (state.position[0]! ** 2 + state.velocity[0]! ** 2) / 2;
        error = Math.max(error, Math.abs(energy - (1.5 ** 2 + 0.5 ** 2) / 2));
      }
      worst.push(error);
      state.velocity[0]! *= -1;
      for (let k = 0; k < steps; k++) await walk.step(state);
      expect(state.position[0]).toBeCloseTo(1.5, 4);
      expect(state.velocity[0]).toBeCloseTo(-0.5, 4);
    }
    expect(order(worst[0]!, worst[1]!)).toBeCloseTo(2, 0);
  });

  test('keeps a mixture within standard errors at a small step, and not at a large one', async () => {
    // Five statistics at 4 standard errors: failed by chance once in 3,000 seeds.
    const size = { chains: 20_000, steps: 40, seed: 4 };
    const small = { stepSize: 0.15, friction: 1.5, inverseMass: 1 };
    expect(await mixtureDeparture(baoab, small, size)).toBeLessThan(4);
    expect(await mixtureDeparture(baoab, { ...small, stepSize: 1.15 }, size)).toBeGreaterThan(6);
  });
});
