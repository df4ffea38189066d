import { describe, expect, test } from 'vitest';
import type { Denoiser } from '../density/denoiser.ts';
import { UserError } from '../errors.ts';
import type { Jump } from './jump.ts';
import type { Kernel, Target } from './kernel.ts';
import { type KernelName, kernels } from './kernels/index.ts';
import { type ChainNoise, chainNoise, stream } from './noise.ts';
import type { WalkJumpOptions } from './options.ts';
import { gpsTarget } from './target.ts';
import { mixtureAt, twoModes } from './testing.ts';
import { walkJump } from './walk-jump.ts';

const sigma = 0.5;
/** p_σ̃ = twoModes: both modes are wider than σ̃, so it is the smoothing of some density. */
const scoreOnly: Denoiser = {
  shape: [1],
  sigma,
  async denoise(z, out) {
    for (let i = 0; i < z.length; i++) {
      out[i] = z[i]! + sigma ** 2 * mixtureAt(twoModes, z[i]!)[1];
    }
  },
};
const withEnergy = {
  ...scoreOnly,
  async logDensity(z: ArrayLike<number>, out: Float32Array | Float64Array) {
    for (let i = 0; i < z.length; i++) out[i] = mixtureAt(twoModes, z[i]!)[0];
  },
};
const names = Object.keys(kernels) as KernelName[];
const adjusted = names.filter((name) => kernels[name].needsLogDensity);
const unadjusted = names.filter((name) => !kernels[name].needsLogDensity);

async function collect(options: WalkJumpOptions, denoiser = withEnergy): Promise<Jump[]> {
  const jumps: Jump[] = [];
  for await (const jump of walkJump(denoiser, options)) jumps.push(jump);
  return jumps;
}

describe.each(names)('mean walk, %s', (kernel) => {
  const options = { kernel, chains: 3, steps: 12, seed: 5, jumpEvery: 4, trajectorySteps: 3 };

  test('at M = 1 is the walk of y to the bit, and at any M it is that of M = 1', async () => {
    const walk = await collect(options);
    expect(await collect({ ...options, meanWalk: true })).toEqual(walk);
    expect(await collect({ ...options, meanWalk: true, measurements: 16 })).toEqual(walk);
    expect(walk[0]!.acceptance?.length).toBe(adjusted.includes(kernel) ? 3 : undefined);
  });
});

test.each(unadjusted)('%s: ȳ of the walk of y is the mean walk, step for step', async (name) => {
  // The mean walk is given √M times the mean of the noise of the walk of y: then they agree up to
  // float32 rounding, because step size and velocities scale alike.
  const [measurements, chains, s] = [4, 5, 0.6];
  const full = chainNoise(8, chains);
  const mean: ChainNoise = {
    chains,
    normal(purpose, counter, out) {
      const xi = new Float64Array(out.length * measurements);
      full.normal(purpose, counter, xi);
      for (let c = 0; c < out.length; c++) {
        let sum = 0;
        for (let m = 0; m < measurements; m++) sum += xi[c * measurements + m]!;
        out[c] = sum / Math.sqrt(measurements);
      }
    },
    uniform: full.uniform,
  };
  const kernel: Kernel = kernels[name];
  const start = (target: Target & { readonly sigma: number }, noise: ChainNoise) => {
    const stepSize = s * target.sigma;
    return kernel.start(target, { stepSize, friction: 0.5 / stepSize, inverseMass: 0.8 }, noise);
  };
  const [all, one] = [gpsTarget(scoreOnly, measurements, chains), gpsTarget(scoreOnly, 1, chains)];
  const [wide, narrow] = [start(all, full), start(one, mean)];
  const y = new Float32Array(chains * measurements);
  full.normal(stream.start, 0, y);
  await all.jump(y);
  const [a, b] = [await wide.init(y), await narrow.init(all.ybar)];
  for (let k = 0; k < 20; k++) {
    await wide.step(a);
    await narrow.step(b);
    await all.jump(a.position);
    b.position.forEach((value, c) => {
      expect(Math.abs(value - all.ybar[c]!)).toBeLessThan(2e-5);
    });
  }
});

describe('targets with a log-density', () => {
  test('the score is its gradient, at M = 1 and M = 3', async () => {
    for (const measurements of [1, 3]) {
      const target = gpsTarget(withEnergy, measurements, 1);
      const y = Float32Array.of(0.25, -1, 0.5).slice(0, measurements);
      const score = new Float32Array(measurements);
      await target.score(y, score);
      const at = async (m: number, move: number) => {
        const out = new Float64Array(1);
        await target.logDensity!(
          y.map((value, k) => (k === m ? value + move : value)),
          out,
        );
        return out[0]!;
      };
      for (let m = 0; m < measurements; m++) {
        const h = 2 ** -8;
        const slope = ((await at(m, h)) - (await at(m, -h))) / (2 * h);
        expect(slope).toBeCloseTo(score[m]!, 3);
      }
    }
  });

  test('none where the denoiser has none', () => {
    expect(gpsTarget(scoreOnly, 2, 1).logDensity).toBeUndefined();
  });
});

describe('bad options', () => {
  const good = { chains: 2, steps: 4 };
  test.each(adjusted)('%s is refused on a model that has only a score', (kernel) => {
    const call = () => walkJump(scoreOnly, { ...good, kernel });
    expect(call).toThrow(UserError);
    expect(call).toThrow(
      new RegExp(`^kernel: ${kernel} needs the log-density [^\\n]+ choose from sachs, [^\\n]+$`),
    );
  });

  test.each([
    [{ meanWalk: 'yes' as unknown as boolean }, /^meanWalk: yes is neither true nor false; give/],
    [{ trajectorySteps: 0 }, /^trajectorySteps: 0 is out of range; give a whole number/],
    [
      { meanWalk: true, measurements: 4, initial: new Float32Array(8) },
      /^initial: 8 numbers, but 2 chains of 1 measurements of 1 dimensions are 2; give/,
    ],
    [{ kernel: 'bao' as 'baoab' }, /^kernel: no kernel is called "bao".* Did you mean "baoab"\?$/],
  ])('%j', (options, message) => {
    const call = () => walkJump(withEnergy, { ...good, ...options });
    expect(call).toThrow(UserError);
    expect(call).toThrow(message);
  });
});
