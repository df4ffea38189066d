import { describe, expect, test } from 'vitest';
import type { Denoiser } from '../density/index.ts';
import { walkJump } from './walk-jump.ts';

const [M, SIGMA, TAU] = [3, 0.7, [1.4, 0.6]] as const;

/**
 * Exact, of all M measurements of x ~ N(0, diag τ²): x̂ by each measurement is y_m + σ²∇_m log
 * p(y), which is E[x|y] for all of them, and log p(y) up to a constant.
 */
const stacked: Denoiser = {
  shape: [2],
  stacked: M,
  sigma: SIGMA,
  denoise: async (y, out) => {
    for (let i = 0; i < y.length; i++) {
      const [row, k] = [Math.floor(i / (2 * M)), i % 2];
      let sum = 0;
      for (let m = 0; m < M; m++) sum += y[row * 2 * M + 2 * m + k]!;
      const gain = TAU[k]! ** 2 / (TAU[k]! ** 2 + SIGMA ** 2 / M);
      out[i] = (gain * sum) / M;
    }
  },
  logDensity: async (y, out) => {
    for (let row = 0; row < out.length; row++) {
      let energy = 0;
      for (let k = 0; k < 2; k++) {
        let [sum, squares] = [0, 0];
        for (let m = 0; m < M; m++) {
          const value = y[row * 2 * M + 2 * m + k]!;
          sum += value;
          squares += value * value;
        }
        const [precision, prior] = [1 / SIGMA ** 2, 1 / TAU[k]! ** 2];
        energy += (precision * squares - (precision * sum) ** 2 / (prior + M * precision)) / 2;
      }
      out[row] = -energy;
    }
  },
};

/** Variances of ȳ and of x̂, by coordinate, over the draws of a walk. */
async function variances(kernel: 'sachs' | 'mala', stepSize: number) {
  const [chains, steps] = [200, 600];
  const sums = { ybar: [0, 0], xhat: [0, 0] };
  let [draws, accepted] = [0, 0];
  const options = { chains, steps, burnIn: 100, jumpEvery: 10, kernel, stepSize, seed: 3 };
  for await (const { ybar, xhat, acceptance } of walkJump(stacked, options)) {
    expect([ybar.length, xhat.length]).toEqual([2 * chains, 2 * chains]);
    for (let i = 0; i < ybar.length; i++) {
      sums.ybar[i % 2]! += ybar[i]! ** 2;
      sums.xhat[i % 2]! += xhat[i]! ** 2;
    }
    accepted += (acceptance?.reduce((a, b) => a + b, 0) ?? 0) / chains;
    draws++;
  }
  const mean = (all: number[]) => all.map((sum) => sum / (draws * chains));
  return { ybar: mean(sums.ybar), xhat: mean(sums.xhat), acceptance: accepted / draws };
}

describe('a denoiser of all measurements', () => {
  test.each([
    ['sachs', 0.4],
    ['mala', 0.6],
  ] as const)(
    'walks its density by %s: ȳ and x̂ have the exact variances',
    async (kernel, stepSize) => {
      const { ybar, xhat, acceptance } = await variances(kernel, stepSize);
      for (const k of [0, 1]) {
        const exact = TAU[k]! ** 2 + SIGMA ** 2 / M;
        // 12,000 draws of 200 chains; measured within 3 %, the step's own bias included.
        expect(Math.abs(ybar[k]! / exact - 1)).toBeLessThan(0.08);
        expect(Math.abs(xhat[k]! / (TAU[k]! ** 4 / exact) - 1)).toBeLessThan(0.08);
      }
      if (kernel === 'mala') expect(acceptance).toBeGreaterThan(0.6);
    },
  );

  test('has no other M, and no mean walk', () => {
    const options = { chains: 2, steps: 2 };
    expect(() => walkJump(stacked, { ...options, measurements: 4 })).toThrow(
      'measurements: this model sees all M = 3 measurements and is of these alone, not of 4; leave it out, or train GPS, which serves every M',
    );
    expect(() => walkJump(stacked, { ...options, meanWalk: true })).toThrow(
      'walk: this model sees all M = 3 measurements, and gives no score of their mean; leave it out',
    );
  });
});
