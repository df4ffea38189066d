import { describe, expect, test } from 'vitest';
import { exactDenoiser, findTarget, gaussian, sampleSmoothed } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { randomKey } from '../random.ts';
import { collect, type KernelName, walkJump } from '../sample/index.ts';
import { equipartition, scoresOfJumps } from './equipartition.ts';

describe('equipartition', () => {
  test('is 1 for exact draws of a mixture, within its own errors', () => {
    const density = findTarget('rings');
    const n = 20_000;
    const { ybar } = sampleSmoothed(density, 0.4, randomKey(5), n);
    const scores = new Float64Array(ybar.length);
    density.smooth(0.4).score(ybar, scores);
    const found = equipartition({ data: ybar, shape: [4, n / 4, 2] }, scores);
    // Three comparisons at 4.5 standard errors.
    for (const i of [0, 1]) {
      expect(Math.abs(found.values[i]! - 1)).toBeLessThan(4.5 * found.errors[i]!);
      expect(found.errors[i]).toBeLessThan(0.2);
    }
    expect(Math.abs(found.mean - 1)).toBeLessThan(4.5 * found.error);
  });

  test('its errors are right: the spread over many small samples', () => {
    const density = gaussian([0], [[1]]);
    const values: number[] = [];
    let claimed = 0;
    for (let k = 0; k < 200; k++) {
      const { ybar } = sampleSmoothed(density, 1, randomKey(k), 400);
      const scores = ybar.map((y) => -y / 2);
      const found = equipartition({ data: ybar, shape: [2, 200, 1] }, scores, [0]);
      values.push(found.mean);
      claimed += found.error / 200;
    }
    const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - 1) ** 2, 0) / 200);
    // √(2/400); 200 samples say it to 5 %, here at 4 standard errors.
    expect(Math.abs(spread / Math.sqrt(2 / 400) - 1)).toBeLessThan(0.2);
    expect(Math.abs(claimed / spread - 1)).toBeLessThan(0.2);
  });

  /** A walk of N(0, 1 + σ̃²) in one dimension. */
  const walked = async (kernel: KernelName, stepSize: number) => {
    const denoiser = exactDenoiser(gaussian([0], [[0.64]]), 0.6);
    const options = { chains: 100, steps: 2000, burnIn: 100, jumpEvery: 4, seed: 3 };
    const { data, ybar, shape } = await collect(
      walkJump(denoiser, { ...options, kernel, stepSize: stepSize / 0.6 }),
    );
    const draws = { data: ybar, shape: [shape[0], shape[1], 1] as const };
    return equipartition(draws, scoresOfJumps(ybar, data, 0.6));
  };

  test('of a biased kernel it is the closed form of the bias; of an exact one, 1', async () => {
    // ula keeps the variance 1/(1 − δ²/4) on N(0, 1).
    const biased = await walked('ula', 1);
    expect(Math.abs(biased.mean - 4 / 3)).toBeLessThan(4.5 * biased.error);
    expect(biased.mean - 1).toBeGreaterThan(10 * biased.error);
    const exact = await walked('sachs', 1);
    expect(Math.abs(exact.mean - 1)).toBeLessThan(4.5 * exact.error);
  });

  test('refuses scores and centres of another size, and what is not finite', () => {
    const draws = { data: new Float32Array(20), shape: [1, 20, 1] as const };
    expect(() => equipartition(draws, new Float32Array(19))).toThrow(UserError);
    expect(() => equipartition(draws, new Float32Array(20).fill(Number.NaN))).toThrow(UserError);
    expect(() => equipartition(draws, new Float32Array(20), [0, 1])).toThrow(UserError);
  });
});
