import { gzipSync } from 'node:zlib';
import { beforeEach, expect, test, vi } from 'vitest';
import { UserError } from '../../errors.ts';
import { inMemory, readAll } from '../dataset.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { whole } from '../fixtures/whole.ts';
import { hashDataset } from '../hash.ts';
import { encodeNpy } from '../npy-encode.ts';
import { loadDataset } from './load.ts';
import { encodeNpz } from './npz.ts';

const folder = temporaryFolder();

beforeEach(() => {
  vi.stubEnv('MDENSITY_DATA', `${folder}/cache`);
});

function countsOf(labels: Iterable<number> | undefined): number[] {
  const counts: number[] = Array(10).fill(0);
  for (const label of labels ?? []) counts[label] = (counts[label] as number) + 1;
  return counts;
}

test('mnist is at hand', async () => {
  const mnist = await loadDataset('mnist');
  expect([mnist.name, mnist.count, mnist.shape]).toEqual(['mnist', 10_000, [1, 28, 28]]);
  expect(mnist.dtype).toBe('uint8');
  expect(readAll(mnist).length).toBe(10_000 * 784);
  // Counts and hash computed with NumPy and hashlib from the same files.
  expect(countsOf(mnist.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  expect(mnist.hash).toBe('164469e7b47ada0fdf9553e2ee0d2db30c027f8876ade40481ca0ab00834c8e4');
});

test('digits8 is at hand, scaled to bytes', async () => {
  const digits = await loadDataset('digits8');
  expect([digits.count, digits.shape]).toEqual([1797, [1, 8, 8]]);
  const values = [...new Set(readAll(digits))].sort((a, b) => a - b);
  expect(values.length).toBe(17);
  expect([values[0], values[1], values[8], values[16]]).toEqual([0, 16, 128, 255]);
  expect(countsOf(digits.labels)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
});

test('classes and limit choose, labels keep their indices', async () => {
  const some = await loadDataset('digits8', { classes: ['3', 8], limit: 50 });
  expect(some.count).toBe(50);
  expect(readAll(some).length).toBe(50 * 64);
  expect(new Set(some.labels)).toEqual(new Set([3, 8]));
  expect(some.classes?.length).toBe(10);
  const all = await loadDataset('digits8', { limit: 5000 });
  expect(all.count).toBe(1797);
  expect(some.hash).not.toBe(all.hash);
});

test('limit spreads over a sorted set', async () => {
  const path = put(encodeNpy(Float32Array.of(0, 1, 2, 3, 4, 5, 6), [7, 1]), folder, 'sorted.npy');
  const { name, hash, ...some } = await loadDataset(path, { limit: 3 });
  expect([...readAll(some)]).toEqual([0, 2, 4]);
  expect(name).toBe('sorted.npy');
  const three = { count: 3, shape: [1], ...inMemory(Float32Array.of(0, 2, 4), 3) };
  expect(hash).toBe(await hashDataset(three));
});

test('each format is known by its name', async () => {
  const pixels = { data: new Uint8Array(8), shape: [2, 2, 2] };
  const labels = { data: Uint8Array.of(0, 2), shape: [2] };
  const npz = put(encodeNpz({ x: pixels, labels }), folder, 'a.npz');
  expect(await loadDataset(npz)).toMatchObject({
    count: 2,
    shape: [1, 2, 2],
    classes: ['0', '1', '2'],
  });
  const idx = Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]);
  for (const name of ['a-images-idx3-ubyte', 'a.idx', 'a-idx3.gz']) {
    const path = put(name.endsWith('gz') ? gzipSync(idx) : idx, folder, name);
    expect(whole(await loadDataset(path))).toMatchObject({
      shape: [1, 1, 2],
      data: Uint8Array.of(7, 9),
    });
  }
  const record = Buffer.alloc(3073, 1);
  expect(await loadDataset(put(record, folder, 'own', 'a.bin'))).toMatchObject({ count: 1 });
  expect(await loadDataset(`${folder}/own`)).toMatchObject({ shape: [3, 32, 32], name: 'own' });
});

test.each([
  [
    'minst',
    {},
    /"minst" is no named data set and no file or folder\. Did you mean "mnist"\? Known: mnist,/,
  ],
  ['qqqqqqqqqqqq', {}, /no file or folder\. Known: mnist, digits8,/],
  ['./none.npy', {}, /none\.npy: no such file/],
  ['cifar10', {}, /^cifar10 is not on this machine; run: mdensity data fetch cifar10$/],
  ['mnist', { split: 'test' }, /mnist: has no test split; its parts: train/],
  ['mnist', { split: 'val' }, /mnist: has no val split/],
  ['mnist', { split: 'dev' as 'val' }, /split dev: give train, val, test/],
  ['mnist', { limit: 0 }, /limit 0: give a whole number/],
  ['mnist', { size: 8 }, /mnist: size is for folders of images only/],
  ['mnist', { array: 'x' }, /mnist: array is for NPZ files only/],
  ['digits8', { classes: ['11'] }, /digits8: has no class "11"\..* Known: 0, 1,/],
] as const)('%s %o is one clear error', async (spec, options, message) => {
  await expect(loadDataset(spec, options)).rejects.toThrow(UserError);
  await expect(loadDataset(spec, options)).rejects.toThrow(message);
});

test('a file of no known name, points without classes, and an empty set are refused', async () => {
  const text = put('a,b', folder, 'a.txt');
  await expect(loadDataset(text)).rejects.toThrow(
    /a\.txt: is of no format known by its name; give/,
  );
  const points = put(encodeNpy(Float32Array.of(1, 2), [2, 1]), folder, 'p.npy');
  await expect(loadDataset(points, { classes: ['1'] })).rejects.toThrow(
    /has no classes; leave out/,
  );
  await expect(loadDataset(points, { channels: 1 })).rejects.toThrow(/channels is for folders/);
  const none = put(
    Buffer.from([0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]),
    folder,
    'none.idx',
  );
  await expect(loadDataset(none)).rejects.toThrow(/none\.idx: holds no examples/);
});
