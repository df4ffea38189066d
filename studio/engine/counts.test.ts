import { expect, test } from 'vitest';
import type { CountDenoiser } from '../../src/density/index.ts';
import { posteriorMean } from '../../src/sample/testing-counts.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import { type CountModel, countsBehind, countsOf, estimatorOf } from './counts.ts';
import { startPlane } from './plane-walk.ts';
import type { WalkSettings } from './protocol.ts';
import { memberOf, toldOf } from './told.ts';
import {
  changeSettings,
  createSession,
  measurementsOf,
  nextJump,
  placeChain,
} from './walk-session.ts';
import { createWalk } from './walks.ts';

/** x is (1, 4) or (4, 1); the estimator of Mλ = 6 at b = ½. */
const mixture = {
  rate: 6,
  weights: [0.5, 0.5],
  points: [
    [1.5, 4.5],
    [4.5, 1.5],
  ],
};
const denoise: CountDenoiser['denoise'] = async (sums, out) => {
  for (let row = 0; row < sums.length; row += 2) {
    const light = posteriorMean(mixture, [...sums.subarray(row, row + 2)]);
    out.set(
      light.map((x) => x - 0.5),
      row,
    );
  }
};
const counts = { rate: 6, background: 0.5 };
const model: CountModel = { shape: [2], sigma: 0, stacked: 1, counts, denoise };
const settings: WalkSettings = {
  chains: 3,
  measurements: 2,
  effectiveSigma: 0.5,
  kernel: 'tau-leap',
  stepSize: 0.5,
  friction: 0.5,
  seed: 6,
  walk: 'joint',
  jumpEvery: 4,
};

test('a configuration of counts says the rate of its class, and no σ̃', () => {
  const noise = { type: 'poisson', rate: 1.5, background: 0.5, measurements: 4 } as const;
  expect(toldOf({ noise })).toEqual({ counts });
});

test.each(['tau-leap', 'birth-death'] as const)('%s walks as in the library', async (kernel) => {
  const own = { ...settings, kernel };
  const session = createSession(model, own);
  const { effectiveSigma: _, ...options } = own;
  let made = 0;
  for await (const jump of walkJump(estimatorOf(model), { ...options, steps: 12 })) {
    const { step, ybar, xhat, scoreCalls } = await nextJump(session);
    expect({ step, ybar, xhat, scoreCalls }).toEqual({
      step: jump.step,
      ybar: jump.ybar,
      xhat: jump.xhat,
      scoreCalls: jump.scoreCalls,
    });
    expect(measurementsOf(session, 1)).toEqual(jump.state.position.subarray(4, 8));
    made += 1;
  }
  expect(made).toBe(3);
});

test('a step of another length goes on to the same bits as if it had always been so', async () => {
  const session = createSession(model, settings);
  await nextJump(session);
  changeSettings(session, { ...settings, jumpEvery: 2 });
  const after = await nextJump(session);
  const { effectiveSigma: _, ...options } = settings;
  for await (const jump of walkJump(estimatorOf(model), { ...options, jumpEvery: 6, steps: 6 })) {
    expect(after.xhat).toEqual(jump.xhat);
    expect(after.step).toBe(6);
  }
});

test('at another M or kernel chains keep their sums, which jumps are of', async () => {
  const session = createSession(model, { ...settings, jumpEvery: 1 });
  const { ybar } = await nextJump(session);
  const next = { ...settings, measurements: 3, jumpEvery: 1, stepSize: 1e-6 };
  changeSettings(session, next);
  // A step too short for an event: what is seen is what was put there.
  expect((await nextJump(session)).ybar).toEqual(ybar);
  const y = measurementsOf(session, 2);
  expect(y).toHaveLength(6);
  expect(y.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
  for (const l of [0, 1]) expect(y[l]! + y[2 + l]! + y[4 + l]!).toBe(ybar[4 + l]);
  changeSettings(session, { ...next, kernel: 'birth-death' });
  expect((await nextJump(session)).ybar).toEqual(ybar);
  expect(memberOf(model, next).measurements).toBe(3);
});

test('a chain is put to counts of a picture, and the others stay', async () => {
  const session = createSession(model, { ...settings, stepSize: 1e-6 });
  const before = await nextJump(session);
  const { ybar, step } = await placeChain(session, 1, Float32Array.of(40, -3));
  expect(step).toBe(8);
  expect([...ybar.subarray(0, 2)]).toEqual([...before.ybar.subarray(0, 2)]);
  expect([...ybar.subarray(4)]).toEqual([...before.ybar.subarray(4)]);
  // Poisson of mean 243: within six deviations. What is below 0 has the background alone.
  expect(Math.abs(ybar[2]! - 243)).toBeLessThan(6 * Math.sqrt(243));
  expect(ybar[3]).toBeLessThan(30);
});

const key = { seed: 1, chain: 0, purpose: 2 ** 41, step: 0 };

test('counts of a picture have its rate, and shares of a sum those of the multinomial', () => {
  const n = 4000;
  const mean = (values: Float32Array) => values.reduce((sum, y) => sum + y, 0) / values.length;
  const variance = (values: Float32Array) => {
    const m = mean(values);
    return values.reduce((sum, y) => sum + (y - m) ** 2, 0) / values.length;
  };
  const y = countsOf(new Float32Array(n).fill(1), 2, counts, key);
  expect(y).toHaveLength(2 * n);
  // λ(x + b) = 3 · 1.5; a mean of 8,000 has the deviation 0.024.
  expect(Math.abs(mean(y) - 4.5)).toBeLessThan(0.12);
  expect(Math.abs(variance(y) - 4.5)).toBeLessThan(0.4);
  const shares = countsBehind(new Float32Array(n).fill(12), 3, key);
  for (const m of [0, 1, 2]) {
    const one = shares.subarray(m * n, (m + 1) * n);
    expect(Math.abs(mean(one) - 4)).toBeLessThan(0.13);
    expect(Math.abs(variance(one) - 12 * (1 / 3) * (2 / 3))).toBeLessThan(0.35);
  }
});

test('what is for Gaussian noise alone is refused in a line', async () => {
  const walk = createWalk(
    model,
    settings,
    () => {},
    () => {},
  );
  await expect(walk.tune((() => {}) as never)).rejects.toThrow(
    /tuning is for models of Gaussian noise/,
  );
  const plane = { choice: {} as never, settings: { ...settings, sigma: 1 } as never };
  expect(() => startPlane(plane, { model })).toThrow(/is of counts.*open it in Images/);
  const kept = { mask: Uint8Array.of(1, 0), values: Float32Array.of(1, 0) };
  expect(() => createSession(model, { ...settings, kept })).toThrow(/this model is of counts/);
});
