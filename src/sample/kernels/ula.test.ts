import { describe, expect, test } from 'vitest';
import { chainNoise } from '../noise.ts';
import {
  gaussian,
  mixtureDeparture,
  order,
  secondMoments,
  spectralRadius,
  stationaryCovariance,
  worstMoment,
} from '../testing.ts';
import { ula } from './ula.ts';

/** The formula of the docstring on N(0, variance). */
function recursion(variance: number, stepSize: number, inverseMass: number) {
  const time = (inverseMass * stepSize ** 2) / 2;
  return { weight: 1, matrix: [[1 - time / variance]], noise: [[2 * time]] };
}

const parameters = { stepSize: 0.9, friction: 1, inverseMass: 0.7 };

describe('ula', () => {
  test('one step is its formula; friction plays no part', async () => {
    for (const friction of [0, 5]) {
      const noise = {
        ...chainNoise(1, 1),
        normal: (_: number, __: number, out: Float32Array | Float64Array) => out.fill(0.4),
      };
      const walk = ula.start(gaussian([2]), { ...parameters, friction }, noise);
      const state = await walk.init(Float32Array.of(1.5));
      await walk.step(state);
      const expected = 1.5 - ((0.7 * 0.81) / 2) * (1.5 / 2) + 0.9 * Math.sqrt(0.7) * 0.4;
      expect(state.position[0]).toBeCloseTo(expected, 6);
    }
  });

  test('stationary variance on Gaussians is that of its own recursion, bias included', async () => {
    const variances = [1, 0.3, 2];
    const chains = 20_000;
    const walk = ula.start(gaussian(variances), parameters, chainNoise(5, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 60; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationaryCovariance([recursion(variance, 0.9, 0.7)]);
      const column = state.position.filter((_, at) => at % 3 === i);
      // Three comparisons at 4.5 standard errors: failed by chance once in 50,000 seeds.
      expect(worstMoment([column], exact)).toBeLessThan(4.5);
      expect(exact[0]![0]).toBeCloseTo(variance / (1 - (0.7 * 0.81) / (4 * variance)), 12);
      if (variance === 0.3) expect(worstMoment([column], [[variance]])).toBeGreaterThan(20);
    });
  });

  test('the bias is of second order in δ; stable below uδ² = 4 s²', () => {
    const bias = (stepSize: number) =>
      stationaryCovariance([recursion(1, stepSize, 1)])[0]![0]! - 1;
    expect(order(bias(0.1), bias(0.05))).toBeCloseTo(2, 2);
    const radius = (stepSize: number) => spectralRadius(secondMoments([recursion(1, stepSize, 1)]));
    expect(radius(1.999)).toBeLessThan(1);
    expect(radius(2.001)).toBeGreaterThan(1);
  });

  test('keeps a mixture within standard errors at a small step, and not at a large one', async () => {
    // Five statistics at 4 standard errors, 0.2 of which may be bias: by chance once in 1,500
    // seeds.
    const size = { chains: 10_000, steps: 400, seed: 3 };
    const small = { ...parameters, inverseMass: 1, stepSize: 0.1 };
    expect(await mixtureDeparture(ula, small, size)).toBeLessThan(4);
    const large = { ...small, stepSize: 0.7 };
    expect(await mixtureDeparture(ula, large, { ...size, steps: 40 })).toBeGreaterThan(8);
  });
});
