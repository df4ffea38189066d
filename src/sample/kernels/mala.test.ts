import { describe, expect, test } from 'vitest';
import { type ChainNoise, chainNoise, stream } from '../noise.ts';
import { gaussian, mixtureAt, mixtureTarget, twoModes, unbiased } from '../testing.ts';
import { mala } from './mala.ts';
import { ula } from './ula.ts';

const parameters = { stepSize: 1.2, friction: 1, inverseMass: 0.9 };

/** Uniform numbers all `u`, proposals moved by ξ = `xi`. */
function fixed(u: number, xi: readonly number[]): ChainNoise {
  return {
    chains: xi.length,
    normal: (_, __, out) => out.set(xi),
    uniform: (_, __, out) => out.fill(u),
  };
}

describe('mala', () => {
  test('accepts with the probability of its docstring, in double precision', async () => {
    const xi = [0.3, -1.2, 2, -0.1, 1.1];
    const from = Float32Array.of(-1.4, 0.2, 0.9, 1.7, -0.3);
    const walk = mala.start(mixtureTarget(twoModes), parameters, fixed(1, xi));
    const state = await walk.init(from);
    const { acceptance } = await walk.step(state);
    const h = (0.9 * 1.2 ** 2) / 2;
    // With u = 1 every proposal is rejected.
    expect(state.position).toEqual(from);
    from.forEach((y, c) => {
      const [logP, slope] = mixtureAt(twoModes, y);
      const z = y + h * slope + Math.sqrt(2 * h) * xi[c]!;
      const [logQ, back] = mixtureAt(twoModes, z);
      const there = -((z - y - h * slope) ** 2) / (4 * h);
      const here = -((y - z - h * back) ** 2) / (4 * h);
      expect(acceptance![c]).toBeCloseTo(Math.min(1, Math.exp(logQ + here - logP - there)), 5);
    });
  });

  test('an accepted chain takes the proposal of ula with its score and log-density', async () => {
    const from = Float32Array.of(0.5, -0.2);
    const noise = fixed(1e-9, [0.4, -0.3]);
    const walk = mala.start(mixtureTarget(twoModes), parameters, noise);
    const other = ula.start(mixtureTarget(twoModes), parameters, noise);
    const [state, proposal] = [await walk.init(from), await other.init(from)];
    await walk.step(state);
    await other.step(proposal);
    expect(state.position).toEqual(proposal.position);
    state.position.forEach((y, c) => {
      const [logP, slope] = mixtureAt(twoModes, y);
      expect(state.logDensity[c]).toBe(logP);
      expect(state.score[c]).toBe(Math.fround(slope));
    });
  });

  test('rejects where the log-density of the proposal is NaN', async () => {
    const target = gaussian([1]);
    const walk = mala.start(
      {
        ...target,
        async logDensity(y, out) {
          await target.logDensity(y, out);
          if (y[0]! > 1) out[0] = Number.NaN;
        },
      },
      parameters,
      fixed(1e-9, [3]),
    );
    const state = await walk.init(Float32Array.of(0.5));
    const { acceptance } = await walk.step(state);
    expect(acceptance).toEqual(Float64Array.of(0));
    expect(state.position[0]).toBe(0.5);
  });

  test('has no bias on a mixture at a step where ula has', async () => {
    const size = { chains: 400, steps: 1500, burnIn: 100, seed: 6 };
    // Five statistics at 4 standard errors from 400 chains: failed by chance once in 2,700 seeds.
    const { worst, effectiveSamples } = await unbiased(mala, parameters, size);
    expect(worst).toBeLessThan(4);
    expect(effectiveSamples).toBeGreaterThan(10_000);
    expect((await unbiased(ula, parameters, size)).worst).toBeGreaterThan(10);
  });

  test('has no bias on Gaussians of different widths', async () => {
    const variances = [1, 0.5, 3];
    const chains = 20_000;
    const walk = mala.start(gaussian(variances), parameters, chainNoise(3, chains));
    const from = new Float32Array(chains * 3);
    chainNoise(4, chains).normal(stream.start, 0, from);
    for (let i = 0; i < from.length; i++) from[i]! *= Math.sqrt(variances[i % 3]!);
    const state = await walk.init(from);
    for (let k = 0; k < 40; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      let moment = 0;
      for (let c = 0; c < chains; c++) moment += state.position[3 * c + i]! ** 2 / chains;
      // Three comparisons at 4.5 standard errors: failed by chance once in 50,000 seeds.
      expect(Math.abs(moment / variance - 1)).toBeLessThan(4.5 * Math.sqrt(2 / chains));
    });
  });
});
