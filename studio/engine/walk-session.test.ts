import { expect, test } from 'vitest';
import { meanOfMeasurements } from '../../src/density/gps.ts';
import {
  type Denoiser,
  exactDenoiser,
  exactFamily,
  findTarget,
  gaussian,
} from '../../src/density/index.ts';
import type { Condition } from '../../src/model/index.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import type { WalkSettings } from './protocol.ts';
import {
  changeSettings,
  createSession,
  type GaussianModel,
  measurementsOf,
  nextJump,
  placeChain,
  restart,
  type WalkSession,
} from './walk-session.ts';

const density = findTarget('two-moons');
const denoiser = exactDenoiser(density, 0.4);

/** A model of one level. */
const alone = (own: Denoiser): GaussianModel => ({
  shape: own.shape,
  sigma: own.sigma,
  stacked: 1,
  at: () => own,
});
const model = alone(denoiser);

const settings: WalkSettings = {
  chains: 3,
  measurements: 2,
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  seed: 6,
  walk: 'joint',
  jumpEvery: 5,
};

async function jumps(session: WalkSession, count: number) {
  const made: {
    readonly step: number;
    readonly ybar: Float32Array;
    readonly xhat: Float32Array;
  }[] = [];
  for (let i = 0; i < count; i++) {
    const { step, ybar, xhat } = await nextJump(session);
    made.push({ step, ybar, xhat });
  }
  return made;
}

async function byWalkJump(options: WalkSettings, count: number) {
  const made: {
    readonly step: number;
    readonly ybar: Float32Array;
    readonly xhat: Float32Array;
  }[] = [];
  const steps = count * options.jumpEvery;
  for await (const { step, ybar, xhat } of walkJump(denoiser, { ...options, steps })) {
    made.push({ step, ybar, xhat });
  }
  return made;
}

test('an untouched walk is that of the library, also after a restart', async () => {
  const session = createSession(model, settings);
  const expected = await byWalkJump(settings, 4);
  expect(await jumps(session, 4)).toEqual(expected);
  restart(session);
  expect(await jumps(session, 4)).toEqual(expected);
});

test('settings that leave the state what it is change nothing but what they say', async () => {
  const session = createSession(model, settings);
  await jumps(session, 2);
  changeSettings(session, { ...settings, friction: 3 });
  // Back again before a step: nothing of it is left.
  changeSettings(session, settings);
  const [, , ...expected] = await byWalkJump(settings, 4);
  expect(await jumps(session, 2)).toEqual(expected);
  changeSettings(session, { ...settings, friction: 3 });
  const [other] = await jumps(session, 1);
  expect(other!.step).toBe(25);
  expect(other!.ybar).not.toEqual((await byWalkJump(settings, 5))[4]!.ybar);
});

test.each([
  ['another kernel', { kernel: 'mala' }],
  ['more measurements', { measurements: 7 }],
  ['the mean walk', { walk: 'mean' }],
  ['the mean walk at another M', { walk: 'mean', measurements: 64 }],
] as const)('%s goes on from the same ȳ', async (_, change) => {
  const session = createSession(model, settings);
  const [before] = await jumps(session, 1);
  // So short a step that ȳ hardly moves.
  const next = { ...settings, ...change, stepSize: 1e-4, jumpEvery: 1 };
  changeSettings(session, next);
  const [after] = await jumps(session, 1);
  expect(after!.step).toBe(6);
  after!.ybar.forEach((value, i) => {
    expect(Math.abs(value - before!.ybar[i]!)).toBeLessThan(1e-2);
  });
});

test('another seed or number of chains begins again', async () => {
  const session = createSession(model, settings);
  await jumps(session, 2);
  const next = { ...settings, seed: 7, chains: 2 };
  changeSettings(session, next);
  expect(await jumps(session, 2)).toEqual(await byWalkJump(next, 2));
});

test('settings that cannot be served are refused, and the walk goes on as it was', async () => {
  const { logDensity, ...scoreAlone } = denoiser;
  const session = createSession(alone(scoreAlone), settings);
  await jumps(session, 1);
  expect(() => changeSettings(session, { ...settings, kernel: 'mala' })).toThrow(/accept test/);
  expect(() => changeSettings(session, { ...settings, stepSize: -1 })).toThrow(/^stepSize: -1/);
  expect(await jumps(session, 1)).toEqual((await byWalkJump(settings, 2)).slice(1));
});

test('a chain that diverges is told, and the walk begins again', async () => {
  const session = createSession(alone(exactDenoiser(gaussian([0], [[1]]), 1)), {
    ...settings,
    measurements: 1,
    stepSize: 1e30,
  });
  await expect(nextJump(session)).rejects.toThrow(/^chain 0, step \d+: .*stepSize/);
  await expect(nextJump(session)).rejects.toThrow(/^chain 0, step \d+: .*stepSize/);
});

test.each(['joint', 'mean'] as const)(
  'the measurements of a chain have its ȳ (%s)',
  async (walk) => {
    const session = createSession(model, { ...settings, measurements: 5, walk });
    expect(measurementsOf(session, 0)).toHaveLength(0);
    const { ybar } = await nextJump(session);
    for (let chain = 0; chain < 3; chain++) {
      const y = measurementsOf(session, chain);
      expect(y).toHaveLength(10);
      meanOfMeasurements(y, 5, 2).forEach((value, i) => {
        expect(value).toBeCloseTo(ybar[2 * chain + i]!, 5);
      });
    }
  },
);

test.each(['joint', 'mean'] as const)(
  'a chain is put to x under noise of σ/√M (%s)',
  async (walk) => {
    const x = Float32Array.of(30, -40);
    const still = { ...settings, walk, measurements: 4, stepSize: 1e-6, jumpEvery: 1 };
    const session = createSession(model, still);
    const { ybar: before } = await nextJump(session);
    const deviations: number[] = [];
    for (let i = 0; i < 200; i++) {
      const { ybar } = await placeChain(session, 1, x);
      deviations.push((ybar[2]! - 30) / 0.4, (ybar[3]! + 40) / 0.4);
      for (const k of [0, 1, 4, 5]) expect(Math.abs(ybar[k]! - before[k]!)).toBeLessThan(0.05);
    }
    // 400 normal numbers: 5 standard errors of the mean and of the variance, an error rate of 1e-6.
    const mean = deviations.reduce((sum, value) => sum + value) / 400;
    const variance = deviations.reduce((sum, value) => sum + value * value, 0) / 400;
    expect(Math.abs(mean)).toBeLessThan(5 / 20);
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 400));
    await expect(placeChain(session, 1, Float32Array.of(1))).rejects.toThrow(/1 values.*takes 2/);
  },
);

test('divergence is told with the step of the whole walk, also after a change on the way', async () => {
  const session = createSession(model, settings);
  for (let k = 0; k < 4; k++) await nextJump(session);
  const made = 4 * settings.jumpEvery;
  changeSettings(session, { ...settings, kernel: 'ula', stepSize: 1e30 });
  const error = await nextJump(session).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'diverged' });
  const { facts, message } = error as { facts: { step: number }; message: string };
  expect(facts.step).toBeGreaterThan(made);
  expect(message).toContain(`step ${facts.step}:`);
});

const levels = { from: 0.4, to: 1.6 };
const family = exactFamily(density);
const told: Condition[] = [];
/** A model of several levels and classes, which keeps what it was told. */
const several: GaussianModel = {
  ...alone(denoiser),
  levels,
  classes: { type: 'class', classes: 2, dropout: 0 },
  at: (sigma, condition = {}) => {
    told.push(condition);
    return family.at(sigma);
  },
};
const sequential: WalkSettings = { ...settings, walk: 'sequential', kernel: 'ula' };

async function drawn(options: WalkSettings, count: number, effectiveSigma = 0.4) {
  const { measurements: _, ...walk } = options;
  const made: Awaited<ReturnType<typeof jumps>> = [];
  const steps = count * options.jumpEvery;
  const whole = { shape: family.shape, levels, at: family.at };
  for await (const jump of walkJump(whole, { ...walk, effectiveSigma, steps })) {
    made.push({ step: jump.step, ybar: jump.ybar, xhat: jump.xhat });
  }
  return made;
}

test('one at a time is the library’s, after a restart and where friction goes there and back too', async () => {
  const session = createSession(several, sequential);
  const expected = await drawn(sequential, 4);
  expect(await jumps(session, 2)).toEqual(expected.slice(0, 2));
  changeSettings(session, { ...sequential, friction: 3 });
  changeSettings(session, sequential);
  expect(await jumps(session, 2)).toEqual(expected.slice(2));
  restart(session);
  expect(await jumps(session, 1)).toEqual(expected.slice(0, 1));
});

test('one at a time, jumps of another length or class of noise count on from the step there is', async () => {
  const session = createSession(several, sequential);
  await jumps(session, 2);
  changeSettings(session, { ...sequential, jumpEvery: 3 });
  expect((await jumps(session, 2)).map(({ step }) => step)).toEqual([13, 16]);
  changeSettings(session, { ...sequential, effectiveSigma: 0.8 });
  expect((await jumps(session, 1))[0]!.step).toBe(21);
  // M = (1.6/0.8)².
  expect(measurementsOf(session, 1)).toHaveLength(4 * 2);
});

test('one at a time, the measurements of a chain have its ȳ, and none is put anywhere', async () => {
  const session = createSession(several, sequential);
  const { ybar } = await nextJump(session);
  for (let chain = 0; chain < 3; chain++) {
    const y = measurementsOf(session, chain);
    expect(y).toHaveLength(16 * 2);
    meanOfMeasurements(y, 16, 2).forEach((value, i) => {
      expect(value).toBeCloseTo(ybar[2 * chain + i]!, 5);
    });
  }
  await expect(placeChain(session, 1, Float32Array.of(1, 2))).rejects.toThrow(/begins anew/);
  // Walked together, chains go on from the mean of the last draw.
  changeSettings(session, { ...settings, stepSize: 1e-4, jumpEvery: 1 });
  const [after] = await jumps(session, 1);
  after!.ybar.forEach((value, i) => {
    expect(Math.abs(value - ybar[i]!)).toBeLessThan(1e-2);
  });
});

test('each chain is told its class: the one chosen, the next one, or none', () => {
  const toldOf = (change: Partial<WalkSettings>) => {
    createSession(several, { ...sequential, ...change });
    return told.at(-1);
  };
  expect(toldOf({ class: 'each' })).toEqual({ class: [0, 1, 0] });
  expect(toldOf({ class: 1, walk: 'mean' })).toEqual({ class: [1, 1, 1] });
  expect(toldOf({})).toEqual({});
});

test('of a model of one level, one at a time is refused and the walk goes on', async () => {
  const session = createSession(model, settings);
  await jumps(session, 1);
  expect(() => changeSettings(session, sequential)).toThrow(/knows one level/);
  expect(await jumps(session, 1)).toEqual((await byWalkJump(settings, 2)).slice(1));
});
