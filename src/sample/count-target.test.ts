import { describe, expect, test } from 'vitest';
import type { CountDenoiser } from '../density/index.ts';
import { countTarget } from './count-target.ts';
import type { Jump } from './jump.ts';
import type { WalkJumpOptions } from './options.ts';
import { chiSquare, posteriorMean, probability, twoPlaces } from './testing-counts.ts';
import { walkJump } from './walk-jump.ts';

/** The exact estimator of the class Mλ = 2, from the posterior mean. */
const exact: CountDenoiser = {
  shape: [2],
  rate: twoPlaces.rate,
  denoise: async (s, out) => {
    for (let row = 0; row < s.length; row += 2) {
      out.set(posteriorMean(twoPlaces, [s[row]!, s[row + 1]!]), row);
    }
  },
};

async function lastJump(options: Partial<WalkJumpOptions>, denoiser = exact): Promise<Jump> {
  const walk = { chains: 8, steps: 12, jumpEvery: 12, seed: 4, ...options };
  let last: Jump | undefined;
  for await (const jump of walkJump(denoiser, walk)) last = jump;
  return last!;
}

const SIDE = 16;
const lattice = Array.from({ length: SIDE * SIDE }, (_, i) => [i % SIDE, Math.floor(i / SIDE)]);
const p = lattice.map((s) => probability(twoPlaces, s));

describe('one estimator walks every (M, λ) of its class', () => {
  // Independent chains, so χ² is what it says: of 58 degrees of freedom it passes 4.5 deviations
  // once in 9,000 times, in three tests once in 3,000.
  test.each([
    ['birth-death', 1],
    ['birth-death', 4],
    ['tau-leap', 3],
  ] as const)('%s, M = %i: sums have the exact law', async (kernel, measurements) => {
    const stepSize = kernel === 'birth-death' ? 6 : 0.02;
    const steps = kernel === 'birth-death' ? 1 : 300;
    const { ybar } = await lastJump({
      kernel,
      measurements,
      stepSize,
      steps,
      jumpEvery: steps,
      chains: 4000,
    });
    const counts = new Float64Array(SIDE * SIDE);
    for (let i = 0; i < ybar.length; i += 2) counts[ybar[i]! + SIDE * ybar[i + 1]!]! += 1;
    expect(chiSquare(counts, p)).toBeLessThan(4.5);
  });

  test('the walk of the sum is that of M = 1 to the bit, whatever M', async () => {
    const [sum, one] = [await lastJump({ measurements: 5, meanWalk: true }), await lastJump({})];
    expect(sum.state).toEqual(one.state);
    expect(sum.xhat).toEqual(one.xhat);
  });

  test('estimates do not change when measurements are permuted', async () => {
    const target = countTarget(exact, 3, 1);
    const [a, b] = [new Float32Array(6), new Float32Array(6)];
    await target.estimate(Float32Array.of(1, 0, 4, 2, 0, 3), a);
    await target.estimate(Float32Array.of(0, 3, 1, 0, 4, 2), b);
    expect(a).toEqual(b);
    expect([...a.subarray(0, 2)]).toEqual([...Float32Array.from(posteriorMean(twoPlaces, [5, 5]))]);
  });

  test('a jump is the estimate at the sum', async () => {
    const { ybar, xhat, state } = await lastJump({ measurements: 2 });
    const [first] = [state.position.subarray(0, 4)];
    expect([...ybar.subarray(0, 2)]).toEqual([first[0]! + first[2]!, first[1]! + first[3]!]);
    const mean = posteriorMean(twoPlaces, [ybar[0]!, ybar[1]!]);
    expect([...xhat.subarray(0, 2)]).toEqual([...Float32Array.from(mean)]);
  });
});

test('chains do not depend on the batch; a saved walk goes on to the same bits', async () => {
  const all = await lastJump({ measurements: 2 });
  const some = await lastJump({ measurements: 2, firstChain: 5, chains: 3 });
  expect(some.xhat).toEqual(all.xhat.slice(10));
  const half = structuredClone((await lastJump({ measurements: 2, steps: 6, jumpEvery: 6 })).state);
  expect((await lastJump({ measurements: 2, initial: half })).state).toEqual(all.state);
});

describe('bad input is one line', () => {
  test.each([
    [
      { kernel: 'sachs' },
      /^kernel: sachs walks Gaussian noise, and this model is of counts; choose/,
    ],
    [{ initial: new Float32Array(16).fill(-1) }, /^initial: -1 at chain 0 is not a count/],
    [{ initial: new Float32Array(16).fill(0.5) }, /^initial: 0.5 at chain 0 is not a count/],
    [{ initial: new Float32Array(3) }, /^initial: 3 numbers, but 8 chains of 1 measurements/],
  ] as const)('%o', async (options, message) => {
    await expect(lastJump(options)).rejects.toThrow(message);
  });

  test('a kernel of counts for Gaussian noise', () => {
    const gaussian = { shape: [2], sigma: 1, denoise: async () => {} };
    expect(() => walkJump(gaussian, { chains: 1, steps: 1, kernel: 'tau-leap' })).toThrow(
      /^kernel: tau-leap walks counts, and this model is of Gaussian noise; choose from sachs/,
    );
  });
});
