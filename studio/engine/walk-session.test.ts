import { expect, test } from 'vitest';
import { meanOfMeasurements } from '../../src/density/gps.ts';
import { exactDenoiser, findTarget, gaussian } from '../../src/density/index.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import type { WalkSettings } from './protocol.ts';
import {
  changeSettings,
  createSession,
  measurementsOf,
  nextJump,
  placeChain,
  restart,
  type WalkSession,
} from './walk-session.ts';

const denoiser = exactDenoiser(findTarget('two-moons'), 0.4);

const settings: WalkSettings = {
  ...{ chains: 3, measurements: 2, kernel: 'sachs', stepSize: 0.5, friction: 0.5, seed: 6 },
  ...{ meanWalk: false, jumpEvery: 5 },
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
  const session = createSession(denoiser, settings);
  const expected = await byWalkJump(settings, 4);
  expect(await jumps(session, 4)).toEqual(expected);
  restart(session);
  expect(await jumps(session, 4)).toEqual(expected);
});

test('settings that leave the state what it is change nothing but what they say', async () => {
  const session = createSession(denoiser, settings);
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
  ['the mean walk', { meanWalk: true }],
  ['the mean walk at another M', { meanWalk: true, measurements: 64 }],
] as const)('%s goes on from the same ȳ', async (_, change) => {
  const session = createSession(denoiser, settings);
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
  const session = createSession(denoiser, settings);
  await jumps(session, 2);
  const next = { ...settings, seed: 7, chains: 2 };
  changeSettings(session, next);
  expect(await jumps(session, 2)).toEqual(await byWalkJump(next, 2));
});

test('settings that cannot be served are refused, and the walk goes on as it was', async () => {
  const { logDensity, ...scoreAlone } = denoiser;
  const session = createSession(scoreAlone, settings);
  await jumps(session, 1);
  expect(() => changeSettings(session, { ...settings, kernel: 'mala' })).toThrow(/accept test/);
  expect(() => changeSettings(session, { ...settings, stepSize: -1 })).toThrow(/^stepSize: -1/);
  expect(await jumps(session, 1)).toEqual((await byWalkJump(settings, 2)).slice(1));
});

test('a chain that diverges is told, and the walk begins again', async () => {
  const session = createSession(exactDenoiser(gaussian([0], [[1]]), 1), {
    ...settings,
    measurements: 1,
    stepSize: 1e30,
  });
  await expect(nextJump(session)).rejects.toThrow(/^chain 0, step \d+: .*stepSize/);
  await expect(nextJump(session)).rejects.toThrow(/^chain 0, step \d+: .*stepSize/);
});

test.each([false, true])(
  'the measurements of a chain have its ȳ (mean walk: %s)',
  async (meanWalk) => {
    const session = createSession(denoiser, { ...settings, measurements: 5, meanWalk });
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

test.each([false, true])(
  'a chain is put to x under noise of σ/√M (mean walk: %s)',
  async (meanWalk) => {
    const x = Float32Array.of(30, -40);
    const still = { ...settings, meanWalk, measurements: 4, stepSize: 1e-6, jumpEvery: 1 };
    const session = createSession(denoiser, still);
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
