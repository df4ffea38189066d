import { describe, expect, test } from 'vitest';
import type { Denoiser } from '../density/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { type Dataset, inMemory } from '../train/index.ts';
import { estimatorLoss, noisyMeasurements } from './estimator-loss.ts';

const [M, SIGMA, TAU] = [4, 0.8, [1.5, 0.5, 0.2]] as const;
const d = TAU.length;

/** N(0, diag τ²). */
function gaussian(count: number): Dataset {
  const values = new Float32Array(count * d);
  fillNormal(randomKey(5), 0, values);
  const data = values.map((value, i) => value * TAU[i % d]!);
  return { name: 'gaussian', count, shape: [d], hash: 'none', ...inMemory(data, count) };
}

const gain = (k: number) => TAU[k]! ** 2 / (TAU[k]! ** 2 + SIGMA ** 2 / M);

/** Its Bayes estimator, of the mean. */
const exact: Denoiser = {
  ...{ shape: [d], sigma: SIGMA / Math.sqrt(M) },
  denoise: async (z, out) => {
    z.forEach((value, i) => {
      out[i] = gain(i % d) * value;
    });
  },
};

/** One estimate from each measurement alone, whose mean is that of the mean. */
const stacked: Denoiser = { ...exact, sigma: SIGMA, stacked: M };

const options = { measurements: M, seed: 3 };

describe('the loss of the estimator', () => {
  test('is the Bayes error of a Gaussian in closed form', async () => {
    const { mean, standardError } = await estimatorLoss(exact, gaussian(20_000), options);
    const bayes = TAU.reduce((sum, tau, k) => sum + tau ** 2 * (1 - gain(k)), 0);
    // 4.5 standard errors: 7 in a million.
    expect(Math.abs(mean - bayes)).toBeLessThan(4.5 * standardError);
    // Errors are Gaussian: the variance of the sum of squares is 2 Σ v².
    const variance = TAU.reduce((sum, tau, k) => sum + 2 * (tau ** 2 * (1 - gain(k))) ** 2, 0);
    expect(standardError / Math.sqrt(variance / 20_000)).toBeCloseTo(1, 1);
  });

  test('is the same number for one that sees all measurements and estimates the same', async () => {
    const examples = gaussian(70);
    const [one, other] = [
      await estimatorLoss(exact, examples, options),
      await estimatorLoss(stacked, examples, { ...options, batch: 9 }),
    ];
    expect(other.mean / one.mean).toBeCloseTo(1, 5);
    expect(other.standardError / one.standardError).toBeCloseTo(1, 5);
  });

  test('ends at the reason of a signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(estimatorLoss(exact, gaussian(5), { ...options, signal })).rejects.toThrow(
      'enough',
    );
  });
});

test('measurements of an example do not depend on those before it', () => {
  const x = Float32Array.from({ length: 6 * d }, (_, i) => i);
  const noise = { measurements: M, sigma: SIGMA, seed: 3 };
  const all = noisyMeasurements(x, 6, noise);
  const last = noisyMeasurements(x.subarray(4 * d), 2, { ...noise, first: 4 });
  expect(last).toEqual(all.subarray(4 * M * d));
  const still = noisyMeasurements(x.subarray(0, d), 1, { ...noise, sigma: 0 });
  expect([...still]).toEqual(Array.from({ length: M }, () => [0, 1, 2]).flat());
});
