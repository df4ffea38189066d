import { expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { memorisation } from './memorisation.ts';
import { normalFeatures } from './testing-features.ts';

test('by hand: index, distance, ratio, and the summary', async () => {
  // On a line: training images at 0, 1, 3 and 7.
  const training = Float32Array.of(0, 1, 3, 7);
  const samples = Float32Array.of(0, 1.25, 9, 5.5);
  const found = await memorisation({ samples, training, dimension: 1, threshold: 0.3 });
  expect(found).toEqual({
    nearest: [
      { index: 0, distance: 0, ratio: 0 },
      { index: 1, distance: 0.25, ratio: 0.25 },
      { index: 3, distance: 2, ratio: 0.5 },
      { index: 3, distance: 1.5, ratio: 0.375 },
    ],
    samples: { medianDistance: 0.875, medianRatio: 0.3125, share: 0.5 },
  });
});

test('copies with a little noise stand out from images of the same law', async () => {
  const d = 30;
  const training = normalFeatures(1, 1500, d);
  const noise = normalFeatures(2, 100, d, { scale: 0.02 });
  const copies = noise.map((value, at) => value + training[7 * d + at]!);
  const heldOut = normalFeatures(3, 200, d);
  const found = await memorisation({ samples: copies, training, heldOut, dimension: d });
  found.nearest.forEach(({ index }, i) => {
    expect(index).toBe(7 + i);
  });
  expect(found.samples.share).toBe(1);
  expect(found.samples.medianRatio).toBeLessThan(0.1);
  expect(found.heldOut!.share).toBe(0);
  // A held-out image is to the training images what they are to each other.
  expect(found.heldOut!.medianRatio).toBeGreaterThan(0.9);
  expect(found.heldOut!.medianRatio).toBeLessThan(1.3);
});

test('a training image that is in the set twice: 0 for its copy, infinite beside it', async () => {
  const training = Float32Array.of(1, 1, 5);
  const { nearest } = await memorisation({
    samples: Float32Array.of(1, 1.5),
    training,
    dimension: 1,
  });
  expect(nearest.map(({ index, ratio }) => [index, ratio])).toEqual([
    [0, 0],
    [0, Number.POSITIVE_INFINITY],
  ]);
});

const [two, bad] = [Float32Array.of(1, 2), Float32Array.of(1, Number.NaN)];
test.each([
  [
    { samples: new Float32Array(), training: two },
    anError('invalid', { set: 'memorisation: samples', count: 0, least: 1 }),
  ],
  [{ samples: two, training: two.subarray(0, 1) }, anError('invalid', { count: 1, least: 2 })],
  [
    { samples: bad, training: two },
    anError('invalid', { set: 'memorisation: samples', example: 1, feature: 0 }),
  ],
  [
    { samples: two, training: two, heldOut: bad },
    anError('invalid', { set: 'memorisation: heldOut', example: 1, feature: 0 }),
  ],
  [
    { samples: two, training: two, threshold: 0 },
    anError('invalid', { option: 'threshold', value: 0 }),
  ],
])('refuses %#', async (options, error) => {
  const run = () => memorisation({ dimension: 1, ...options });
  await expect(run()).rejects.toThrow(error);
});
