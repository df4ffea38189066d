import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { checkEnough, featureStatistics, statisticsAccumulator } from './feature-statistics.ts';
import { fixture, normalFeatures, statisticsOf } from './testing-features.ts';

/** Mean and covariance from their sums, one pair of features after the other. */
function direct(features: Float32Array, d: number) {
  const n = features.length / d;
  const mean = Array.from({ length: d }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < n; row++) sum += features[row * d + i]! / n;
    return sum;
  });
  const covariance = Array.from({ length: d * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let row = 0; row < n; row++) {
      sum += (features[row * d + i]! - mean[i]!) * (features[row * d + j]! - mean[j]!);
    }
    return sum / (n - 1);
  });
  return { mean, covariance };
}

test('is the mean and the covariance, also over several blocks and panels', async () => {
  for (const [n, d] of [
    [2, 1],
    [5, 3],
    [2048, 2],
    [4500, 4],
    [30, 530],
  ] as const) {
    const features = normalFeatures(n, n, d, { scale: 2, shift: 1 });
    const { count, mean, covariance } = await featureStatistics(features, d);
    const expected = direct(features, d);
    expect(count).toBe(n);
    mean.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.mean[i]!, 12);
    });
    covariance.forEach((value, i) => {
      if (Math.abs(value - expected.covariance[i]!) > 1e-11)
        expect(value).toBe(expected.covariance[i]);
    });
  }
});

test.each(fixture.cases)('as numpy: $name', async ({ dimension, a, meanA, covarianceA }) => {
  const { mean, covariance } = await featureStatistics(Float32Array.from(a), dimension);
  // Far from the origin numpy's own mean is good to 1e-13 of 900.
  meanA.forEach((value, i) => {
    expect(Math.abs(mean[i]! - value)).toBeLessThan(1e-12);
  });
  covarianceA.forEach((value, i) => {
    expect(Math.abs(covariance[i]! - value)).toBeLessThan(1e-11);
  });
});

test('does not depend on how examples are cut into batches, to the last bit', async () => {
  const [n, d] = [5000, 3];
  const features = normalFeatures(1, n, d);
  const whole = await featureStatistics(features, d);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: n }), { maxLength: 6 }), async (cuts) => {
      const accumulator = await statisticsAccumulator(d, { threads: 1 });
      const edges = [0, ...cuts.sort((a, b) => a - b), n];
      for (let i = 0; i + 1 < edges.length; i++) {
        await accumulator.add(features.subarray(edges[i]! * d, edges[i + 1]! * d));
      }
      expect(await accumulator.result()).toEqual(whole);
      await accumulator.release();
    }),
    { numRuns: 10 },
  );
});

test('more can be added after a result, and what was given stays', async () => {
  const features = normalFeatures(2, 3000, 2);
  const accumulator = await statisticsAccumulator(2);
  await accumulator.add(features.subarray(0, 1000));
  const first = await accumulator.result();
  const kept = structuredClone(first);
  await accumulator.add(features.subarray(1000));
  expect(await accumulator.result()).toEqual(await featureStatistics(features, 2));
  expect(first).toEqual(kept);
  await accumulator.release();
});

test('keeps the digits of small deviations from a large mean', async () => {
  // 2^20 + {0, 1/4}, alternating: variance 2^-6 n/(n − 1), exact in float32.
  const n = 6000;
  const features = Float32Array.from({ length: n }, (_, i) => 2 ** 20 + (i % 2) / 4);
  const { mean, covariance } = await featureStatistics(features, 1);
  expect(mean[0]).toBe(2 ** 20 + 1 / 8);
  expect(covariance[0]! / ((2 ** -6 * n) / (n - 1))).toBeCloseTo(1, 12);
  // An example far out that comes first spoils nothing.
  features[0] = 0;
  const expected = direct(features, 1).covariance[0]!;
  expect((await featureStatistics(features, 1)).covariance[0]! / expected).toBeCloseTo(1, 12);
});

test('a feature that never changes has variance 0, to the last bit', async () => {
  const { covariance } = await featureStatistics(new Float32Array(9000).fill(0.1), 3);
  expect(covariance).toEqual(new Float64Array(9));
});

describe('bad input', () => {
  test.each([
    [new Float32Array(3), 3, anError('invalid', { count: 1, least: 2 })],
    [new Float32Array(5), 3, anError('shape', { dimension: 3, values: 5 })],
    [new Float32Array(4), 0, anError('invalid', { option: 'dimension', value: 0 })],
    [
      Float32Array.of(1, 2, 3, Number.NaN),
      2,
      anError('invalid', { example: 1, feature: 1, value: Number.NaN }),
    ],
    [
      Float32Array.of(1, Number.POSITIVE_INFINITY, 3, 4),
      2,
      anError('invalid', { example: 0, feature: 1 }),
    ],
  ])('%o of dimension %s', async (features, dimension, error) => {
    await expect(featureStatistics(features, dimension)).rejects.toThrow(error);
  });

  test('nothing is added of a batch that is refused, and one example is no covariance', async () => {
    const accumulator = await statisticsAccumulator(1);
    await accumulator.add(Float32Array.of(1));
    await expect(accumulator.add(Float32Array.of(5, Number.NaN))).rejects.toThrow(
      anError('invalid', { value: Number.NaN }),
    );
    await expect(accumulator.result()).rejects.toThrow(anError('invalid', { count: 1, least: 2 }));
    await accumulator.release();
  });

  test('says how many examples a covariance needs', () => {
    expect(() => checkEnough(statisticsOf([0, 0], [1, 1], 2), 'samples')).toThrow(
      anError('invalid', { source: 'samples', count: 2, least: 3 }),
    );
    expect(() => checkEnough(statisticsOf([0, 0], [1, 1], 3), 'samples')).not.toThrow();
  });
});
