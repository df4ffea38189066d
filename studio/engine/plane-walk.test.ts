import { expect, test } from 'vitest';
import { mixture } from '../../src/density/mixture.ts';
import { findTarget } from '../../src/density/targets.ts';
import { type KernelName, kernels } from '../../src/sample/kernels/index.ts';
import { type Draw, gaussianDraws } from '../../src/sample/walk-draws.ts';
import { stepsOf } from '../views/walk/steps.ts';
import { advancePlane, planeMeasurements, startPlane } from './plane-walk.ts';
import type { PlaneWalkSettings } from './protocol.ts';

const standard: PlaneWalkSettings = {
  sigma: 0.8,
  measurements: 1,
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  inverseMass: 1,
  walk: 'joint',
  jumpEvery: 1,
  chains: 5,
  seed: 3,
};
const timing = { burnIn: 7, thin: 4 };
const STEPS = 40;
const moons = { target: 'two-moons', points: [], centres: [] };
const wish = { jumps: 1, milliseconds: Number.POSITIVE_INFINITY };

/** What `mdensity walk` draws. */
async function commandDraws(
  density: Parameters<typeof gaussianDraws>[0],
  settings: PlaneWalkSettings,
) {
  const draws: (Omit<Draw, 'y'> & { readonly y: Float32Array })[] = [];
  const options = {
    ...settings,
    ...timing,
    ...(settings.walk === 'sequential' && { burnIn: 0 }),
    steps: STEPS,
    signal: new AbortController().signal,
    onProgress: () => {},
  };
  const { sigma, measurements } = settings;
  const member = { sigma, measurements, effectiveSigma: sigma / Math.sqrt(measurements) };
  for await (const draw of gaussianDraws(density, member, settings.kernel, options)) {
    draws.push({ ...draw, y: draw.y() });
  }
  return draws;
}

const cases: [string, Partial<PlaneWalkSettings>][] = [
  ...Object.keys(kernels).map((kernel): [string, Partial<PlaneWalkSettings>] => [
    kernel,
    { kernel: kernel as KernelName },
  ]),
  ['M = 4, all measurements', { measurements: 4 }],
  ['M = 4, mean walk', { measurements: 4, walk: 'mean' }],
  ['other friction, mass and step', { friction: 0.1, inverseMass: 2, stepSize: 0.9, seed: 12 }],
];

test.each(cases)('%s: the page walks the chains of mdensity walk', async (_, changed) => {
  const settings = { ...standard, ...changed };
  const { chains, measurements } = settings;
  const expected = await commandDraws(findTarget('two-moons'), settings);
  const walk = startPlane({ choice: moons, settings });
  const [width, last] = [2 * measurements, chains - 1];
  for (const [k, { ybar, xhat, y, acceptance }] of expected.entries()) {
    // In parts of several sizes.
    const steps = k === 0 ? timing.burnIn + timing.thin : timing.thin;
    const made = await advancePlane(walk, { ...wish, jumps: steps, look: last });
    expect(made.count).toBe(steps);
    const step = stepsOf(made).at(-1)!;
    expect(step.step).toBe(timing.burnIn + timing.thin * (k + 1));
    expect(step.ybar).toEqual(ybar);
    expect(step.xhat).toEqual(xhat);
    expect(step.acceptance).toEqual(acceptance);
    expect(made.y).toEqual(y.slice(last * width));
    for (let chain = 0; chain < chains; chain++) {
      const own = y.slice(chain * width, (chain + 1) * width);
      expect(planeMeasurements(walk, chain)).toEqual(own);
    }
  }
  expect(expected.length).toBe(STEPS / timing.thin);
});

test.each([1, 4])('one at a time at M = %d, draws are those of mdensity walk', async (M) => {
  const { thin } = timing;
  const settings = { ...standard, walk: 'sequential', measurements: M, jumpEvery: thin } as const;
  const expected = await commandDraws(findTarget('two-moons'), settings);
  const walk = startPlane({ choice: moons, settings });
  const made = await advancePlane(walk, { ...wish, jumps: expected.length, look: 2 });
  expect(made.steps).toEqual(expected.map((_, k) => thin * (k + 1)));
  const draws = stepsOf(made);
  for (const [k, { ybar, xhat }] of expected.entries()) {
    expect(draws[k]).toMatchObject({ ybar, xhat });
  }
  expect(made.y).toEqual(expected.at(-1)!.y.slice(4 * M, 6 * M));
});

test('a mixture that was arranged is the one of its JSON file', async () => {
  const choice = {
    target: 'mixture',
    points: [],
    centres: [
      [1, 2, 3, 0.5],
      [-1, 0, 1, 0.25],
    ],
  } as const;
  const same = mixture({
    weights: [0.75, 0.25],
    means: [
      [1, 2],
      [-1, 0],
    ],
    covariances: [0.25, 0.0625].map((v) => [
      [v, 0],
      [0, v],
    ]),
  });
  const [expected] = await commandDraws(same, standard);
  const walk = startPlane({ choice, settings: standard });
  const made = await advancePlane(walk, { ...wish, jumps: timing.burnIn + timing.thin });
  expect(stepsOf(made).at(-1)!.ybar).toEqual(expected!.ybar);
});

test('a chain that diverges is named with its step, and the walk stays ended', async () => {
  const settings = { ...standard, kernel: 'ula', stepSize: 8 } as const;
  const walk = startPlane({ choice: moons, settings });
  const made = await advancePlane(walk, { ...wish, jumps: 5000 });
  // The steps before it are there.
  expect(made.failure?.at?.step).toBe(made.count + 1);
  expect(made.failure?.text).toMatch(/^chain \d+, step \d+: the position is /);
  expect(stepsOf(made).at(-1)!.ybar.every(Number.isFinite)).toBe(true);
  expect(await advancePlane(walk, wish)).toMatchObject({ count: 0, failure: made.failure });
});

test('where time is short one step is made, and none of a walk that was replaced', async () => {
  const walk = startPlane({ choice: moons, settings: standard });
  expect((await advancePlane(walk, { jumps: 50, milliseconds: -1 })).count).toBe(1);
  const made = await advancePlane(walk, { ...wish, jumps: 3 }, () => false);
  expect(made).toMatchObject({ count: 0, steps: [] });
  expect(planeMeasurements(startPlane({ choice: moons, settings: standard }), 0).length).toBe(0);
});

test('without a density there is a line and no walk', () => {
  const choice = { ...moons, target: 'points' };
  expect(() => startPlane({ choice, settings: standard })).toThrow(/^there is no density to walk/);
});
