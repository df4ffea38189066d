import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KernelParameters } from '../kernel.ts';
import { chainNoise } from '../noise.ts';
import {
  gaussian,
  type LinearStep,
  measuredStep,
  mixtureDeparture,
  order,
  secondMoments,
  silence,
  spectralRadius,
  stationaryCovariance,
  worstMoment,
} from '../testing.ts';
import { cheng } from './cheng.ts';

/** The formulas (Cheng et al. 2018, lemma 11) as they stand, on N(0, variance). */
function recursion(variance: number, parameters: KernelParameters): LinearStep {
  const { stepSize, friction, inverseMass: u } = parameters;
  const keep = Math.exp(-friction * stepSize);
  const keep2 = Math.exp(-2 * friction * stepSize);
  const reach = (1 - keep) / friction;
  const covariance = (u / friction) * (1 - 2 * keep + keep2);
  return {
    weight: 1,
    matrix: [
      [1 - ((u / friction) * (stepSize - reach)) / variance, reach],
      [-(u * reach) / variance, keep],
    ],
    noise: [
      [(u / friction) * (2 * stepSize - 4 * reach + (1 - keep2) / friction), covariance],
      [covariance, u * (1 - keep2)],
    ],
  };
}

describe('cheng', () => {
  test('one step of the kernel is the recursion of the paper, its joint noise included', async () => {
    const at = fc.double({ min: 0.1, max: 3, noNaN: true });
    await fc.assert(
      fc.asyncProperty(at, at, at, at, async (stepSize, friction, inverseMass, variance) => {
        const parameters = { stepSize, friction, inverseMass };
        const [found, exact] = [
          await measuredStep(cheng, variance, parameters),
          recursion(variance, parameters),
        ];
        // Roundings of a float32 state.
        for (const part of ['matrix', 'noise'] as const) {
          found[part].flat().forEach((value, k) => {
            const expected = exact[part].flat()[k]!;
            expect(Math.abs(value - expected)).toBeLessThan(5e-7 * (1 + Math.abs(expected)));
          });
        }
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  test('stationary covariance on Gaussians is that of its own recursion, bias included', async () => {
    const variances = [1, 0.5, 3];
    const parameters = { stepSize: 0.5, friction: 1.2, inverseMass: 0.7 };
    const chains = 20_000;
    const walk = cheng.start(gaussian(variances), parameters, chainNoise(31, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 100; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationaryCovariance([recursion(variance, parameters)]);
      const column = (of: Float32Array) => of.filter((_, at) => at % 3 === i);
      // Nine comparisons at 4.5 standard errors: failed by chance once in 16,000 seeds.
      const columns = [column(state.position), column(state.velocity)];
      expect(worstMoment(columns, exact)).toBeLessThan(4.5);
      // The bias is seen: the target itself is far off.
      const target = [
        [variance, 0],
        [0, parameters.inverseMass],
      ];
      expect(worstMoment(columns, target)).toBeGreaterThan(6);
    });
  });

  test('the bias of both variances is of first order in δ', () => {
    const bias = (stepSize: number, i: number) =>
      stationaryCovariance([recursion(1, { stepSize, friction: 1, inverseMass: 1 })])[i]![i]! - 1;
    for (const i of [0, 1]) {
      expect(order(bias(0.02, i), bias(0.01, i))).toBeCloseTo(1, 1);
      expect(bias(0.02, i)).toBeCloseTo(0.01, 3);
    }
  });

  test.each([0.1, 0.5, 1, 2, 8])('is stable at γδ = %f as far as its docstring says', (a) => {
    const friction = 1.3;
    const stepSize = a / friction;
    const keep = Math.exp(-a);
    const reach = (1 - keep) / friction;
    const push = (stepSize - reach) / friction;
    // The largest u that the two inequalities allow at variance 1.
    const first = (1 - keep) / (reach ** 2 - keep * push);
    const second = (1 + keep) * push > reach ** 2;
    const limit = Math.min(
      first,
      second ? (2 * (1 + keep)) / ((1 + keep) * push - reach ** 2) : Number.POSITIVE_INFINITY,
    );
    const radius = (inverseMass: number) =>
      spectralRadius(secondMoments([recursion(1, { stepSize, friction, inverseMass })]));
    expect(radius(limit * 0.999)).toBeLessThan(1);
    expect(radius(limit * 1.001)).toBeGreaterThan(1);
  });

  test('at zero friction it is free motion under a constant force', async () => {
    const parameters = { stepSize: 0.3, friction: 0, inverseMass: 0.8 };
    const walk = cheng.start(gaussian([2]), parameters, chainNoise(1, 1));
    const state = await walk.init(Float32Array.of(0.6));
    state.velocity[0] = -1.1;
    await walk.step(state);
    const psi = -0.6 / 2;
    expect(state.position[0]).toBeCloseTo(0.6 - 0.3 * 1.1 + ((0.8 * 0.09) / 2) * psi, 6);
    expect(state.velocity[0]).toBeCloseTo(-1.1 + 0.8 * 0.3 * psi, 6);
  });

  test('at vanishing friction it has that limit, not a difference of large numbers', async () => {
    const at = async (friction: number) => {
      const walk = cheng.start(
        gaussian([2]),
        { stepSize: 0.3, friction, inverseMass: 1 },
        silence(1),
      );
      const state = await walk.init(Float32Array.of(0.6));
      state.velocity[0] = -1.1;
      await walk.step(state);
      return [state.position[0], state.velocity[0]];
    };
    expect(await at(1e-12)).toEqual(await at(0));
  });

  test('keeps a mixture within standard errors at a small step, and not at a large one', async () => {
    const small = { stepSize: 0.01, friction: 1.5, inverseMass: 1 };
    // Five statistics at 4 standard errors, 0.4 of which may be bias: by chance once in 700 seeds.
    const size = { chains: 10_000, steps: 400, seed: 8 };
    expect(await mixtureDeparture(cheng, small, size)).toBeLessThan(4);
    const large = { ...small, stepSize: 0.7 };
    expect(await mixtureDeparture(cheng, large, { ...size, steps: 40 })).toBeGreaterThan(8);
  });
});
