import { describe, expect, test } from 'vitest';
import { chainNoise, stream } from '../noise.ts';
import { gaussian, mixtureDeparture, stationaryCovariance, worstMoment } from '../testing.ts';
import { baoab } from './baoab.ts';
import { baoabLimit } from './baoab-limit.ts';

const parameters = { stepSize: 0.9, friction: 1, inverseMass: 0.7 };

/** The docstring on N(0, variance), as a recursion of (y, ξ). */
function recursion(variance: number) {
  const time = (0.7 * 0.81) / 2;
  const kick = (Math.sqrt(0.7) * 0.9) / 2;
  return {
    weight: 1,
    matrix: [
      [1 - time / variance, kick],
      [0, 0],
    ],
    noise: [
      [kick * kick, kick],
      [kick, 1],
    ],
  };
}

describe('baoab-limit', () => {
  test('each draw is used in two steps', async () => {
    const noise = chainNoise(6, 2);
    const walk = baoabLimit.start(gaussian([2, 1]), parameters, noise);
    const state = await walk.init(Float32Array.of(1, -1, 0.5, 0));
    const y = Float64Array.of(1, -1, 0.5, 0);
    const draws = Array.from({ length: 11 }, (_, k) => {
      const out = new Float64Array(4);
      noise.normal(stream.step, k, out);
      return out;
    });
    for (let k = 0; k < 10; k++) {
      await walk.step(state);
      for (let i = 0; i < 4; i++) {
        y[i]! += ((0.7 * 0.81) / 2) * (-y[i]! / (i % 2 === 0 ? 2 : 1));
        y[i]! += ((0.9 * Math.sqrt(0.7)) / 2) * (draws[k]![i]! + draws[k + 1]![i]!);
      }
    }
    y.forEach((value, i) => {
      expect(state.position[i]).toBeCloseTo(value, 5);
    });
  });

  test('stationary variance on Gaussians is that of its own recursion, without bias', async () => {
    const variances = [1, 0.3, 2];
    const chains = 20_000;
    const walk = baoabLimit.start(gaussian(variances), parameters, chainNoise(5, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 60; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationaryCovariance([recursion(variance)]);
      expect(exact[0]![0]).toBeCloseTo(variance, 12);
      const column = (of: Float32Array) => of.filter((_, at) => at % 3 === i);
      // Nine comparisons at 4.5 standard errors: failed by chance once in 16,000 seeds.
      expect(worstMoment([column(state.position), column(state.noise)], exact)).toBeLessThan(4.5);
    });
  });

  test('is the limit of baoab as friction grows', async () => {
    // With γδ = 60, e^{−γδ} is below a rounding: baoab at δ, position taken before the last force.
    const noise = chainNoise(9, 3);
    const high = { ...parameters, friction: 60 / 0.9 };
    const full = baoab.start(gaussian([2]), high, noise);
    const state = await full.init(Float32Array.of(1, 0, -2));
    // Its velocity starts as √u times the draw that the limit has as ξ_0.
    const first = new Float32Array(3);
    noise.normal(stream.step, 0, first);
    for (let i = 0; i < 3; i++) state.velocity[i] = Math.sqrt(0.7) * first[i]!;
    const shifted = {
      ...noise,
      normal: (purpose: number, counter: number, out: Float32Array | Float64Array) =>
        noise.normal(purpose, counter + 1, out),
    };
    const late = baoab.start(gaussian([2]), high, shifted);
    const limit = baoabLimit.start(gaussian([2]), parameters, noise);
    const expected = await limit.init(Float32Array.of(1, 0, -2));
    // The velocity before the first force holds no force yet: take it out.
    for (let i = 0; i < 3; i++) state.velocity[i]! += ((0.7 * 0.9) / 2) * state.score[i]!;
    for (let k = 0; k < 8; k++) {
      await late.step(state);
      await limit.step(expected);
    }
    for (let i = 0; i < 3; i++) expect(state.position[i]).toBeCloseTo(expected.position[i]!, 4);
  });

  test('keeps a mixture at a step where ula does not', async () => {
    // Five statistics at 4 standard errors: failed by chance once in 3,000 seeds.
    const size = { chains: 20_000, steps: 100, seed: 3 };
    const at = (stepSize: number) => ({ stepSize, friction: 1, inverseMass: 1 });
    expect(await mixtureDeparture(baoabLimit, at(0.3), size)).toBeLessThan(4);
    expect(await mixtureDeparture(baoabLimit, at(1.2), size)).toBeGreaterThan(6);
  });
});
