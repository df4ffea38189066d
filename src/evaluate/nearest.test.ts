import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import { nearestExamples, nearestNeighbours } from './nearest.ts';
import { normalFeatures } from './testing-features.ts';

test('finds what a plain search over full distances finds', () => {
  const dimension = 150;
  const samples = new Float32Array(7 * dimension);
  const examples = new Float32Array(40 * dimension);
  fillNormal(randomKey(1), 0, samples);
  fillNormal(randomKey(1), 1, examples);
  const distance = (row: number, i: number) => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      sum += (samples[row * dimension + k]! - examples[i * dimension + k]!) ** 2;
    }
    return Math.sqrt(sum);
  };
  nearestExamples(samples, examples, dimension).forEach((found, row) => {
    const all = Array.from({ length: 40 }, (_, i) => distance(row, i));
    expect(found.distance).toBeCloseTo(Math.min(...all), 6);
    expect(found.index).toBe(all.indexOf(Math.min(...all)));
  });
});

test('a copy is its own nearest, at distance 0', () => {
  const examples = Float32Array.of(0, 0, 3, 4, 6, 8);
  expect(nearestExamples(Float32Array.of(3, 4), examples, 2)).toEqual([{ index: 1, distance: 0 }]);
});

test('refuses arrays that are no whole rows', () => {
  expect(() => nearestExamples(new Float32Array(3), new Float32Array(4), 2)).toThrow(
    anError('shape', { dimension: 2, values: [3, 4] }),
  );
});

test('by blocks, the same as one after the other', async () => {
  const d = 12;
  const samples = normalFeatures(1, 1100, d, { shift: 30 });
  const examples = normalFeatures(2, 1300, d, { shift: 30 });
  examples.set(samples.subarray(0, 40 * d), 500 * d);
  const found = await nearestNeighbours(samples, examples, d);
  expect(found).toEqual(nearestExamples(samples, examples, d));
  expect(found[39]).toEqual({ index: 539, distance: 0 });
});

test('by blocks, near duplicates far from the origin are told apart', async () => {
  // Products of these are near 10^8; the distances that decide are 2^-10 and 2^-9.
  const examples = Float32Array.of(8192 + 2 ** -9, 0, 8192 + 2 ** -10, 0, 8191, 0);
  expect(await nearestNeighbours(Float32Array.of(8192, 0), examples, 2)).toEqual([
    { index: 1, distance: 2 ** -10 },
  ]);
});

test('by blocks, one example can be left out for each sample', async () => {
  const points = Float32Array.of(0, 1, 3, 3);
  const found = await nearestNeighbours(points, points, 1, { exclude: [0, 1, 2, 3] });
  expect(found).toEqual([
    { index: 1, distance: 1 },
    { index: 0, distance: 1 },
    { index: 3, distance: 0 },
    { index: 2, distance: 0 },
  ]);
  await expect(
    nearestNeighbours(points, points.subarray(0, 1), 1, { exclude: [0] }),
  ).rejects.toThrow(anError('invalid', { count: 1, least: 2 }));
  expect(await nearestNeighbours(new Float32Array(), points, 1)).toEqual([]);
});
