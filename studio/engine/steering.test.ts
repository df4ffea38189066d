import { expect, test } from 'vitest';
import { meanOfMeasurements } from '../../src/density/gps.ts';
import { exactFamily, gaussian } from '../../src/density/index.ts';
import type { Condition } from '../../src/model/index.ts';
import { steeredAt } from '../../src/sample/steer.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import type { KeptPart, WalkSettings } from './protocol.ts';
import { callsOfScore, canBeGuided, sameKept, steeringOf } from './steering.ts';
import {
  changeSettings,
  createSession,
  type GaussianModel,
  measurementsOf,
  nextJump,
} from './walk-session.ts';

const correlated = (mean: number) =>
  exactFamily(
    gaussian(
      [mean, 0],
      [
        [1, 0.7],
        [0.7, 1],
      ],
    ),
  );
const classes = [correlated(-2), correlated(2)];
const none = correlated(0);
const levels = { from: 0.3, to: 1.2 };

/** Knows two classes, each chain its own, and none; a row of a batch is a chain. */
const model: GaussianModel = {
  shape: [2],
  sigma: 0.5,
  stacked: 1,
  levels,
  classes: { type: 'class', classes: 2, dropout: 0.1 },
  at(sigma, { class: chosen }: Condition = {}) {
    const all = chosen as readonly number[] | undefined;
    return {
      shape: [2],
      sigma,
      async denoise(z, out) {
        for (let row = 0; row < z.length / 2; row++) {
          const own = all ? classes[all[row]!]! : none;
          await own
            .at(sigma)
            .denoise(z.subarray(2 * row, 2 * row + 2), out.subarray(2 * row, 2 * row + 2));
        }
      },
    };
  },
};

const settings: WalkSettings = {
  chains: 3,
  measurements: 2,
  effectiveSigma: 0.5,
  class: 'each',
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 0.5,
  seed: 6,
  walk: 'joint',
  jumpEvery: 5,
};
const kept: KeptPart = { mask: Uint8Array.of(1, 0), values: Float32Array.of(3, Number.NaN) };

async function first(own: WalkSettings) {
  const { xhat, ybar } = await nextJump(createSession(model, own));
  return { xhat, ybar };
}

async function ofLibrary(own: WalkSettings, options: object = {}) {
  const { class: _, effectiveSigma, kept: __, guidance: ___, measurements, ...walk } = own;
  const at = steeredAt(model.at, steeringOf(model, own));
  const member = walk.walk === 'sequential' ? { effectiveSigma: 0.5 } : { measurements };
  const walked = walk.walk === 'sequential' ? { shape: [2], levels, at } : at(effectiveSigma!);
  for await (const { xhat, ybar } of walkJump(walked, {
    ...{ ...walk, ...member, steps: walk.jumpEvery },
    ...options,
  })) {
    return { xhat, ybar };
  }
  throw new Error('no jump');
}

test('a kept part is that of the library: measured once, or held within noise', async () => {
  const measured = await first({ ...settings, kept });
  expect(measured).toEqual(await ofLibrary(settings, { fixed: kept }));
  for (let chain = 0; chain < 3; chain++) expect(measured.xhat[2 * chain]).toBe(3);
  for (const walk of ['joint', 'sequential'] as const) {
    const own = { ...settings, walk, kept: { ...kept, noise: 0.4 } };
    const held = await first(own);
    expect(held).toEqual(await ofLibrary(own));
    expect(held).not.toEqual(await ofLibrary({ ...own, kept: undefined }));
    expect(steeringOf(model, own).held).toEqual({ fixed: own.kept, noise: 0.4 });
  }
});

test('guidance goes beyond the class of every chain, and stops where there is none', async () => {
  const far = await first({ ...settings, guidance: 3 });
  expect(far).toEqual(await ofLibrary({ ...settings, guidance: 3 }));
  const near = await first(settings);
  // The classes of the three chains are −, + and −.
  for (const [chain, sign] of [-1, 1, -1].entries()) {
    expect(sign * far.xhat[2 * chain]!).toBeGreaterThan(sign * near.xhat[2 * chain]!);
  }
  const open = { ...settings, class: undefined };
  expect(await first({ ...open, guidance: 3 })).toEqual(await first(open));
  const required = { ...model, classes: { ...model.classes!, required: true } };
  expect(canBeGuided(required)).toBe(false);
  expect(canBeGuided({ classes: { ...model.classes!, dropout: 0 } })).toBe(false);
  expect(steeringOf(required, { ...settings, guidance: 3 }).guidance).toBe(1);
});

test('what is measured of a chain has its ȳ, and another kept part starts again', async () => {
  const own = { ...settings, measurements: 3, kept };
  const session = createSession(model, own);
  await nextJump(session);
  const { ybar } = await nextJump(session);
  const before = measurementsOf(session, 1);
  meanOfMeasurements(before, 3, 2).forEach((value, i) => {
    expect(value).toBeCloseTo(ybar[2 + i]!, 5);
  });
  await nextJump(session);
  const after = measurementsOf(session, 1);
  // Once measured, it stays; the rest walks on.
  for (const m of [0, 1, 2]) {
    expect(after[2 * m]).toBe(before[2 * m]);
    expect(after[2 * m + 1]).not.toBe(before[2 * m + 1]);
  }
  changeSettings(session, { ...own, kept: structuredClone(kept), friction: 1 });
  expect((await nextJump(session)).step).toBe(20);
  const other = { ...own, kept: { ...kept, values: Float32Array.of(1, 0) } };
  changeSettings(session, other);
  const { step, xhat } = await nextJump(session);
  expect({ step, xhat }).toEqual({ step: 5, xhat: (await first(other)).xhat });
});

test('parts are the same where what they keep is', () => {
  const open = { ...kept, values: Float32Array.of(3, 8) };
  expect(sameKept(kept, open)).toBe(true);
  expect(sameKept(undefined, undefined)).toBe(true);
  expect(sameKept(kept, undefined)).toBe(false);
  expect(sameKept(kept, { ...kept, noise: 1 })).toBe(false);
  expect(sameKept(kept, { ...kept, mask: Uint8Array.of(0, 1) })).toBe(false);
});

test('guidance doubles the calls of a score, and so does what is held', () => {
  expect(callsOfScore(model, settings)).toBe(1);
  expect(callsOfScore(model, { ...settings, guidance: 2 })).toBe(2);
  expect(callsOfScore(model, { ...settings, guidance: 2, kept })).toBe(2);
  expect(callsOfScore(model, { ...settings, kept: { ...kept, noise: 1 } })).toBe(2);
});

test('one at a time says how many of M it has, after every step', async () => {
  const seen: number[] = [];
  const session = createSession(
    model,
    { ...settings, walk: 'sequential', jumpEvery: 2 },
    ({ measured, measurements }) => {
      // M = (1.2/0.5)², rounded down.
      expect(measurements).toBe(5);
      seen.push(measured);
    },
  );
  await nextJump(session);
  // Two steps of y_1, then four of each block, which begin at 1, 2 and 4.
  expect(seen).toEqual([0, 0, ...[1, 2, 4].flatMap((measured) => Array(4).fill(measured))]);
});
