import { expect, test } from 'vitest';
import { mixture } from '../../../src/density/mixture.ts';
import { findTarget } from '../../../src/density/targets.ts';
import { type KernelName, kernels } from '../../../src/sample/kernels/index.ts';
import { type Draw, gaussianDraws } from '../../../src/sample/walk-draws.ts';
import { decodeLink } from '../../link.ts';
import { planeTarget } from '../../target/density.ts';
import { walkRecord } from './record.ts';
import { schema } from './schema.ts';
import { commandOf, settingsOf, startWalking, type WalkSettings } from './walking.ts';

const standard: WalkSettings = {
  sigma: 0.8,
  measurements: 1,
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  inverseMass: 1,
  meanWalk: false,
  chains: 5,
  seed: 3,
};
const timing = { burnIn: 7, thin: 4, radius: 6 };
const STEPS = 40;

/** What `mdensity walk` draws. */
async function commandDraws(density: Parameters<typeof gaussianDraws>[0], settings: WalkSettings) {
  const draws: (Omit<Draw, 'y'> & { readonly y: Float32Array })[] = [];
  const options = {
    ...settings,
    walk: settings.meanWalk ? ('mean' as const) : ('joint' as const),
    burnIn: timing.burnIn,
    thin: timing.thin,
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

const cases: [string, Partial<WalkSettings>][] = [
  ...Object.keys(kernels).map((kernel): [string, Partial<WalkSettings>] => [
    kernel,
    { kernel: kernel as KernelName },
  ]),
  ['M = 4, all measurements', { measurements: 4 }],
  ['M = 4, mean walk', { measurements: 4, meanWalk: true }],
  ['other friction, mass and step', { friction: 0.1, inverseMass: 2, stepSize: 0.9, seed: 12 }],
];

test.each(cases)('%s: the view walks the chains of mdensity walk', async (_, changed) => {
  const settings = { ...standard, ...changed };
  const density = findTarget('two-moons');
  const expected = await commandDraws(density, settings);
  const walking = startWalking(density, settings);
  const record = walkRecord({ chains: settings.chains, ...timing });
  let draw = 0;
  for (let step = 1; step <= timing.burnIn + STEPS; step++) {
    const jump = await walking.step();
    record.add(jump, 0);
    if (record.drawn === draw) continue;
    const { ybar, xhat, y } = expected[draw++]!;
    expect(jump.ybar).toEqual(ybar);
    expect(jump.xhat).toEqual(xhat);
    const width = 2 * settings.measurements;
    for (let chain = 0; chain < settings.chains; chain++) {
      expect(walking.measurementsOf(chain)).toEqual(y.slice(chain * width, (chain + 1) * width));
    }
  }
  expect(draw).toBe(STEPS / timing.thin);
  const { ybar, shape } = record.draws();
  expect(shape).toEqual([settings.chains, draw, 2]);
  for (let chain = 0; chain < settings.chains; chain++) {
    const last = 2 * (chain * draw + draw - 1);
    expect(ybar.slice(last, last + 2)).toEqual(
      expected[draw - 1]!.ybar.slice(2 * chain, 2 * chain + 2),
    );
  }
});

test('a mixture that was arranged is the one of its JSON file', async () => {
  const target = planeTarget({
    target: 'mixture',
    points: [],
    centres: [
      [1, 2, 3, 0.5],
      [-1, 0, 1, 0.25],
    ],
  })!;
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
  const walking = startWalking(target.density, standard);
  const expected = await commandDraws(same, standard);
  let jump = await walking.step();
  while (jump.step < timing.burnIn + timing.thin) jump = await walking.step();
  expect(jump.ybar).toEqual(expected[0]!.ybar);
});

test('a chain that diverges is named with its step, and stays ended', async () => {
  const walking = startWalking(findTarget('two-moons'), {
    ...standard,
    kernel: 'ula',
    stepSize: 8,
  });
  const run = async () => {
    for (let k = 0; k < 5000; k++) await walking.step();
  };
  await expect(run()).rejects.toMatchObject({
    code: 'diverged',
    facts: { step: expect.any(Number) },
  });
  await expect(walking.step()).rejects.toThrow(/^chain \d+, step \d+/);
});

test('the command says what differs from its defaults', () => {
  const plain = decodeLink(schema, 'sigma=0.8').state;
  expect(commandOf('rings', plain)).toBe('mdensity walk --density rings --sigma 0.8 --out walk/');
  const { state } = decodeLink(
    schema,
    'sigma=0.8&M=4&kernel=mala&mean=1&step=1&friction=2&mass=3&chains=2&burn=0&every=1&seed=9',
  );
  expect(commandOf('rings', state)).toBe(
    'mdensity walk --density rings --sigma 0.8 --measurements 4 --kernel mala --step-size 1 --friction 2 --inverse-mass 3 --mean-walk --chains 2 --thin 1 --burn-in 0 --seed 9 --out walk/',
  );
  expect(settingsOf(state)).toEqual({
    sigma: 0.8,
    measurements: 4,
    kernel: 'mala',
    stepSize: 1,
    friction: 2,
    inverseMass: 3,
    meanWalk: true,
    chains: 2,
    seed: 9,
  });
});
