import { expect, test } from 'vitest';
import { type Denoiser, exactDenoiser, gaussian } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { collect, type KernelName, walkJump } from '../sample/index.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { tuneWalk } from './tune.ts';

/** ν of independent Gaussians. */
function independent(variances: readonly number[], sigma: number): Denoiser {
  const d = variances.length;
  return {
    shape: [d],
    sigma,
    async denoise(z, out) {
      for (let i = 0; i < z.length; i++) {
        const variance = variances[i % d]!;
        out[i] = (z[i]! * variance) / (variance + sigma * sigma);
      }
    },
  };
}

const denoiser = independent([4, 1, 0.3, 0.1, 0.05, 0.01], 0.4);
const options = { chains: 24, steps: 120, seed: 3 };

/** Least effective samples of a coordinate, for 1,000 calls of a chain. */
async function efficiency(kernel: KernelName, setting: { stepSize: number; friction: number }) {
  const walk = { chains: 24, steps: 1500, burnIn: 200, seed: 77, kernel, ...setting };
  const { ybar, shape } = await collect(walkJump(denoiser, walk));
  const sizes = effectiveSampleSize({ data: ybar, shape: [shape[0], shape[1], 6] });
  return (1000 * Math.min(...sizes)) / (24 * 1500);
}

test('a tuned walk has more effective samples than the defaults, on another seed', async () => {
  const { stepSize, friction, trials, scoreCalls } = await tuneWalk(denoiser, options);
  expect(trials.length).toBeLessThanOrEqual(14);
  expect(scoreCalls).toBeLessThan(4000);
  const tuned = await efficiency('sachs', { stepSize, friction });
  const usual = await efficiency('sachs', { stepSize: 0.5, friction: 0.5 });
  // The best setting of all that are tried has about ten times those of the defaults.
  expect(tuned).toBeGreaterThan(3 * usual);
});

test('a kernel with bias gets a shorter step than one without, and none that diverges', async () => {
  const exact = await tuneWalk(denoiser, options);
  const biased = await tuneWalk(denoiser, { ...options, kernel: 'ula' });
  expect(biased.stepSize).toBeLessThan(exact.stepSize);
  const wild = await tuneWalk(denoiser, { ...options, stepSizes: [0.5, 1, 40] });
  expect(wild.stepSize).toBeLessThanOrEqual(1);
  const diverged = wild.trials.find(({ stepSize }) => stepSize === 40)!;
  expect(diverged.admitted).toBe(false);
});

test('is a function of the seed', async () => {
  const small = { ...options, chains: 8, steps: 60, stepSizes: [0.5, 1], frictions: [0.25, 1] };
  expect(await tuneWalk(denoiser, small)).toEqual(await tuneWalk(denoiser, small));
  const seen: number[] = [];
  await tuneWalk(denoiser, { ...small, onProgress: ({ done }) => seen.push(done) });
  expect(seen).toEqual([...seen.keys()].map((k) => k + 1));
});

test.each([
  [{ chains: 4 }, { option: 'chains', needed: 8 }],
  [{ steps: 10 }, { option: 'steps' }],
  [{ stepSizes: [] }, { option: 'stepSizes' }],
  [{ frictions: [-1] }, { option: 'frictions' }],
])('refuses %j', async (change, facts) => {
  const one = exactDenoiser(gaussian([0], [[1]]), 1);
  const error = await tuneWalk(one, { ...options, ...change }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ facts });
});
