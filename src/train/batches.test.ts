import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { createBatches } from './batches.ts';
import { type Dataset, inMemory } from './dataset.ts';

/** Example i is [i, 0, 0 | i, 0, 0]: its number shows which it is, its place whether it is mirrored. */
function numbered(count: number): Dataset {
  const data = new Uint8Array(count * 6);
  for (let i = 0; i < count; i++) data[i * 6] = data[i * 6 + 3] = i + 1;
  return { name: 'numbered', count, shape: [1, 2, 3], ...inMemory(data, count), hash: '' };
}

function drawn(dataset: Dataset, options: { flip: boolean; batch: number }, index: number) {
  const x = new Uint8Array(options.batch * 6);
  const noise = new Float32Array(options.batch * 6);
  createBatches(dataset, { seed: 3, ...options }).fill(index, x, noise);
  return { x, noise };
}

test('every epoch is a new order of all examples', () => {
  const dataset = numbered(50);
  const epochs = [0, 1, 2].map((epoch) =>
    Array.from({ length: 10 }, (_, i) => {
      const { x } = drawn(dataset, { flip: false, batch: 5 }, epoch * 10 + i);
      return Array.from({ length: 5 }, (_, j) => x[j * 6]!);
    }).flat(),
  );
  const all = Array.from({ length: 50 }, (_, i) => i + 1);
  for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(all);
  expect(epochs[0]).not.toEqual(epochs[1]);
  expect(epochs[1]).not.toEqual(epochs[2]);
});

test('a batch does not depend on the ones before it, also across epochs', () => {
  const dataset = numbered(7);
  const batches = createBatches(dataset, { seed: 3, batch: 5, flip: true });
  for (let index = 0; index < 12; index++) {
    const [x, noise] = [new Uint8Array(30), new Float32Array(30)];
    batches.fill(index, x, noise);
    expect({ x, noise }).toEqual(drawn(dataset, { flip: true, batch: 5 }, index));
  }
});

test('about half of the images are mirrored, and only left to right', () => {
  let mirrored = 0;
  const n = 2000;
  for (let index = 0; index < n / 5; index++) {
    const { x } = drawn(numbered(50), { flip: true, batch: 5 }, index);
    for (let i = 0; i < 5; i++) {
      const rows = [x.subarray(i * 6, i * 6 + 3), x.subarray(i * 6 + 3, i * 6 + 6)];
      expect(rows[0]).toEqual(rows[1]);
      mirrored += rows[0]![2]! > 0 ? 1 : 0;
    }
  }
  // Binomial(2000, 1/2): four standard deviations, an error rate of 6e-5 for a correct program.
  expect(Math.abs(mirrored - n / 2)).toBeLessThan(4 * Math.sqrt(n / 4));
});

test('noise is one stream for each batch', () => {
  const { noise } = drawn(numbered(5), { flip: false, batch: 5 }, 9);
  const expected = new Float32Array(30);
  fillNormal(randomKey(3, 2), 9, expected);
  expect(noise).toEqual(expected);
});
