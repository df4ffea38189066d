import { describe, expect, test } from 'vitest';
import { type Dataset, inMemory } from '../data/dataset.ts';
import { fillBits, fillNormal, randomKey } from '../random.ts';
import { createBatches, drawBytes } from './batches.ts';

/**
 * Example i is [i, 0, 0 | i, 0, 0]: its number shows which it is, its place whether it is mirrored.
 */
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

test('antithetic noise comes in pairs that cancel, each batch its own, by row', () => {
  const options = { seed: 3, flip: false, antithetic: true };
  const fill = (batch: number, index: number) => {
    const [x, noise] = [new Uint8Array(batch * 6), new Float32Array(batch * 6)];
    createBatches(numbered(50), { ...options, batch }).fill(index, x, noise);
    return { x, noise };
  };
  const { x, noise } = fill(6, 9);
  expect(x).toEqual(drawn(numbered(50), { flip: false, batch: 6 }, 9).x);
  const half = new Float32Array(18);
  fillNormal(randomKey(3, 2), 9, half);
  for (let pair = 0; pair < 3; pair++) {
    const row = (i: number) => noise.subarray(i * 6, (i + 1) * 6);
    expect(row(2 * pair)).toEqual(half.subarray(pair * 6, (pair + 1) * 6));
    expect(row(2 * pair + 1)).toEqual(row(2 * pair).map((value) => -value));
  }
  expect(fill(6, 10).noise).not.toEqual(noise);
});

test('noise is one stream for each batch', () => {
  const { noise } = drawn(numbered(5), { flip: false, batch: 5 }, 9);
  const expected = new Float32Array(30);
  fillNormal(randomKey(3, 2), 9, expected);
  expect(noise).toEqual(expected);
});

describe('drawBytes', () => {
  const bytesOf = (seed: number, mask: number, index: number, length = 1000) => {
    const out = new Uint8Array(length).fill(99);
    drawBytes(seed, mask, index, out);
    return out;
  };

  test('seed, mask and batch decide, and each of them matters', () => {
    expect(bytesOf(3, 0, 5)).toEqual(bytesOf(3, 0, 5));
    const others = [bytesOf(4, 0, 5), bytesOf(3, 1, 5), bytesOf(3, 0, 6), bytesOf(3, 5, 0)];
    for (const other of others) {
      const same = bytesOf(3, 0, 5).filter((byte, i) => byte === other[i]).length;
      // Binomial(1000, 1/256): mean 3.9; 17 and more has a chance of 1e-6.
      expect(same).toBeLessThan(17);
    }
    // Of its own stream, not that of the order, the noise or the flips.
    const words = new Uint32Array(250);
    for (const stream of [1, 2, 3]) {
      fillBits(randomKey(3, stream, 0), 5, words);
      expect(new Uint8Array(words.buffer)).not.toEqual(bytesOf(3, 0, 5));
    }
  });

  test('a shorter draw is the start of a longer one, of any length', () => {
    const long = bytesOf(3, 0, 5, 64);
    for (let length = 0; length < 20; length++) {
      expect(bytesOf(3, 0, 5, length)).toEqual(long.subarray(0, length));
    }
    // Into a part of an array, where it stands.
    const out = new Uint8Array(12);
    drawBytes(3, 0, 5, out.subarray(5, 10));
    expect(out).toEqual(Uint8Array.of(0, 0, 0, 0, 0, ...long.subarray(0, 5), 0, 0));
  });

  test('all bytes are as likely, at each place of a word', () => {
    const n = 1 << 18;
    const bytes = bytesOf(3, 2, 9, n);
    for (let place = 0; place < 4; place++) {
      const counts = new Array<number>(256).fill(0);
      for (let i = place; i < n; i += 4) counts[bytes[i]!]! += 1;
      const expected = n / 4 / 256;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // χ² with 255 degrees of freedom: 351 is exceeded with a chance of 6e-5, 174 undercut with
      // 3e-5.
      expect(chiSquare).toBeLessThan(351);
      expect(chiSquare).toBeGreaterThan(174);
    }
  });
});
