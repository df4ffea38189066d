import { describe, expect, test } from 'vitest';
import { type Dataset, inMemory } from '../data/index.ts';
import { type CountDenoiser, type Denoiser, poisson } from '../density/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { estimatorLoss, measurementsOf } from './estimator-loss.ts';

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
  shape: [d],
  sigma: SIGMA / Math.sqrt(M),
  denoise: async (z, out) => {
    z.forEach((value, i) => {
      out[i] = gain(i % d) * value;
    });
  },
};

/** One estimate from each measurement alone, whose mean is that of the mean. */
const stacked: Denoiser = { ...exact, sigma: SIGMA, stacked: M };

const options = { measurements: M, seed: 3 };

/**
 * x = 1 + b or 3 + b with even odds in each of d coordinates alike, counted four times at λ = 1/2.
 */
const [RATE, BACKGROUND] = [M / 2, 0.5] as const;
const law = poisson({
  weights: [0.5, 0.5],
  intensities: [1, 3].map((x) => TAU.map(() => x + BACKGROUND)),
}).observe(1, RATE);
const counts: CountDenoiser = {
  shape: [d],
  rate: RATE,
  background: BACKGROUND,
  denoise: async (s, out) => {
    law.estimate(s, out);
    out.forEach((value, i) => {
      out[i] = value - BACKGROUND;
    });
  },
};

describe('the loss of the estimator', () => {
  test('of counts is the posterior variance of a mixture of two, by its sum over counts', async () => {
    const count = 5000;
    const data = Float32Array.from({ length: count * d }, (_, i) =>
      Math.floor(i / d) % 2 ? 1 : 3,
    );
    const examples = { name: 'two', count, shape: [d], hash: 'none', ...inMemory(data, count) };
    const { mean, standardError } = await estimatorLoss(counts, examples, options);
    // The total of all counts is sufficient: Poisson of means 9 and 21. d · E[Var(x | total)], of
    // values 2 apart.
    let [bayes, p, q] = [0, Math.exp(-d * RATE * 1.5), Math.exp(-d * RATE * 3.5)];
    for (let total = 0; total < 100; total++) {
      bayes += d * 4 * ((0.5 * p * q) / (p + q));
      p *= (d * RATE * 1.5) / (total + 1);
      q *= (d * RATE * 3.5) / (total + 1);
    }
    // 4.5 standard errors: 7 in a million.
    expect(Math.abs(mean - bayes)).toBeLessThan(4.5 * standardError);
  });

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
  for (const denoiser of [exact, counts]) {
    const all = measurementsOf(denoiser, x, 6, options).y;
    const last = measurementsOf(denoiser, x.subarray(4 * d), 2, { ...options, first: 4 }).y;
    expect(last).toEqual(all.subarray(4 * M * d));
  }
  const still = measurementsOf({ ...exact, sigma: 0 }, x.subarray(0, d), 1, options).y;
  expect([...still]).toEqual(Array.from({ length: M }, () => [0, 1, 2]).flat());
});
