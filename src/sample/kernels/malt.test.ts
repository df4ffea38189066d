import { describe, expect, test } from 'vitest';
import { type ChainNoise, chainNoise, stream } from '../noise.ts';
import { gaussian, mixtureAt, mixtureTarget, silence, twoModes, unbiased } from '../testing.ts';
import { malt } from './malt.ts';
import { sachs } from './sachs.ts';

const parameters = { stepSize: 0.9, friction: 0.7, inverseMass: 0.8, trajectorySteps: 4 };

describe('malt', () => {
  test('accepts with the accumulated energy error, one number at a time in double precision', async () => {
    const chains = 6;
    const noise: ChainNoise = { ...chainNoise(4, chains), uniform: (_, __, out) => out.fill(1) };
    const walk = malt.start(mixtureTarget(twoModes), parameters, noise);
    const from = Float32Array.of(-1.4, 0.2, 0.9, 1.7, -0.3, 0);
    const state = await walk.init(from);
    state.step = 2;
    const { acceptance } = await walk.step(state);
    expect(state.position).toEqual(from);
    const { stepSize, friction, inverseMass: u } = parameters;
    const draw = (purpose: number, counter: number) => {
      const out = new Float64Array(chains);
      noise.normal(purpose, counter, out);
      return out;
    };
    from.forEach((start, c) => {
      let y = start;
      let v = Math.sqrt(u) * draw(stream.velocity, 2)[c]!;
      const energy = () => -mixtureAt(twoModes, y)[0] + v ** 2 / (2 * u);
      let error = 0;
      for (let l = 0; l < 4; l++) {
        const before = energy();
        y += (stepSize * v) / 2;
        v += (u * stepSize * mixtureAt(twoModes, y)[1]) / 2;
        const middle = energy();
        const keep = Math.exp(-friction * stepSize);
        v = keep * v + Math.sqrt(u * (1 - keep ** 2)) * draw(stream.step + 1, 8 + l)[c]!;
        const after = energy();
        v += (u * stepSize * mixtureAt(twoModes, y)[1]) / 2;
        y += (stepSize * v) / 2;
        error += middle - before + (energy() - after);
      }
      expect(acceptance![c]).toBeCloseTo(Math.min(1, Math.exp(-error)), 5);
    });
  });

  test('without friction or rejection it is the leapfrog trajectory of sachs', async () => {
    const free = { stepSize: 0.3, friction: 0, inverseMass: 1.3 };
    const target = mixtureTarget(twoModes);
    const noise: ChainNoise = { ...silence(1), normal: (_, __, out) => out.fill(0.7) };
    const always = { ...noise, uniform: (_: number, __: number, out: Float64Array) => out.fill(0) };
    const walk = malt.start(target, free, always as ChainNoise);
    const state = await walk.init(Float32Array.of(0.4));
    const { acceptance } = await walk.step(state);
    const leapfrog = sachs.start(target, free, noise);
    const expected = await leapfrog.init(Float32Array.of(0.4));
    for (let l = 0; l < 10; l++) await leapfrog.step(expected);
    expect(state.position).toEqual(expected.position);
    const energy = (y: number, v: number) => -mixtureAt(twoModes, y)[0] + v ** 2 / 2.6;
    const gain = energy(expected.position[0]!, expected.velocity[0]!);
    const start = energy(Math.fround(0.4), Math.sqrt(1.3) * 0.7);
    expect(acceptance![0]).toBeCloseTo(Math.min(1, Math.exp(start - gain)), 5);
  });

  test('has no bias on a mixture at a step where sachs has', async () => {
    const size = { chains: 400, steps: 250, burnIn: 30, seed: 6 };
    const large = { ...parameters, stepSize: 1.3, inverseMass: 1 };
    // Five statistics at 4 standard errors from 400 chains: failed by chance once in 2,700 seeds.
    const { worst, effectiveSamples } = await unbiased(malt, large, size);
    expect(worst).toBeLessThan(4);
    expect(effectiveSamples).toBeGreaterThan(10_000);
    const unadjusted = await unbiased(sachs, large, { ...size, steps: 1000, burnIn: 120 });
    expect(unadjusted.worst).toBeGreaterThan(8);
  });

  test('has no bias on Gaussians of different widths', async () => {
    const variances = [1, 0.5, 3];
    const chains = 10_000;
    const walk = malt.start(gaussian(variances), parameters, chainNoise(3, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 40; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      let moment = 0;
      for (let c = 0; c < chains; c++) moment += state.position[3 * c + i]! ** 2 / chains;
      // Three comparisons at 4.5 standard errors: failed by chance once in 50,000 seeds.
      expect(Math.abs(moment / variance - 1)).toBeLessThan(4.5 * Math.sqrt(2 / chains));
    });
  });
});
