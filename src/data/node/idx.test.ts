import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { whole } from '../fixtures/whole.ts';
import { assetPath } from './assets.ts';
import { decodeIdx, idxExamples, readIdx } from './idx.ts';
import { loadDataset } from './load.ts';

const folder = temporaryFolder();

function idx(shape: readonly number[], data: Uint8Array, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = type;
  header[3] = shape.length;
  for (const [i, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

const arrays = fc
  .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 })
  .chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = fc.uint8Array({ minLength: length, maxLength: length });
    return fc.record({ shape: fc.constant(shape), data, zipped: fc.boolean() });
  });

test('reads back what was written, gzipped or not', () => {
  fc.assert(
    fc.property(arrays, ({ shape, data, zipped }) => {
      const bytes = idx(shape, data);
      const read = decodeIdx(zipped ? gzipSync(bytes) : bytes, 'a.idx');
      expect(read.shape).toEqual(shape);
      expect(Buffer.from(read.data).equals(data)).toBe(true);
    }),
  );
});

test('a file cut anywhere is one clear error', () => {
  fc.assert(
    fc.property(
      arrays,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      ({ shape, data }, share) => {
        const bytes = idx(shape, data);
        const cut = bytes.subarray(0, Math.floor(share * bytes.length));
        expect(() => decodeIdx(cut, 'cut.idx')).toThrow(UserError);
        expect(() => decodeIdx(cut, 'cut.idx')).toThrow(/^cut\.idx: [^\n]*; get the file again\.$/);
      },
    ),
  );
});

const good = idx([2, 2, 2], new Uint8Array(8));

test.each([
  ['wrong magic', Buffer.from('PNG of something'), /magic number 0x504e4720 is not IDX's/],
  ['floats', idx([1], new Uint8Array(4), 0x0d), /type code is not 0x08/],
  ['labels for images', idx([8], new Uint8Array(8)), /dimensions is 1, 3 expected \(labels\?/],
  ['cut short', good.subarray(0, 20), /\[2, 2, 2\]: cut short: 20 of 24 bytes; get/],
  ['too long', Buffer.concat([good, Buffer.alloc(3)]), /3 bytes too many after the last value/],
  ['cut gzip', gzipSync(good).subarray(0, 25), /the gzip stream is cut short; get the file again/],
  ['empty', Buffer.alloc(0), /magic number: the file has 0 bytes/],
])('%s names the file and the field', (_, bytes, message) => {
  const read = () => decodeIdx(bytes, 'a.gz', { dimensions: 3 });
  expect(read).toThrow(UserError);
  expect(read).toThrow(message);
  expect(read).toThrow(/^a\.gz: [^\n]*$/);
});

test('a corrupt gzip is found by its checksum', () => {
  const packed = gzipSync(idx([64], new Uint8Array(64).fill(7)), { level: 0 });
  packed[40] = (packed[40] as number) ^ 1;
  expect(() => decodeIdx(packed, 'a.gz')).toThrow(/a\.gz: the gzip stream is corrupt/);
});

describe('images with labels', () => {
  const images = idx([2, 1, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));

  test('labels are found beside the images', async () => {
    const path = put(gzipSync(images), folder, 'a', 'train-images-idx3-ubyte.gz');
    put(idx([2], Uint8Array.of(9, 4)), folder, 'a', 'train-labels-idx1-ubyte');
    expect(whole(await idxExamples(path))).toEqual({
      count: 2,
      shape: [1, 1, 3],
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
      labels: Uint8Array.of(9, 4),
    });
  });

  test('labels of another count are refused', async () => {
    const path = put(images, folder, 'b', 'x-images-idx3-ubyte');
    put(idx([3], new Uint8Array(3)), folder, 'b', 'x-labels-idx1-ubyte');
    await expect(idxExamples(path)).rejects.toThrow(/has 3 labels for the 2 images/);
  });

  test('a missing file, a folder and a test split are one line each', async () => {
    await expect(readIdx(`${folder}/none`)).rejects.toThrow(
      /none: no such file; check the path\.$/,
    );
    await expect(readIdx(folder)).rejects.toThrow(/is a folder, a file was expected/);
    const path = put(images, folder, 'c.idx');
    await expect(idxExamples(path, { split: 'test' })).rejects.toThrow(/no test split/);
  });
});

describe('a folder of IDX files', () => {
  const put1 = (place: string, name: string, value: number) =>
    put(idx([1, 1, 2], Uint8Array.of(value, value)), folder, place, name);
  const read = (place: string, split?: 'train' | 'val' | 'test') =>
    loadDataset(`${folder}/${place}`, { ...(split && { split }) });

  test('has parts by their names, labels beside them, and says what it took', async () => {
    put1('parts', 'train-images-idx3-ubyte', 1);
    // The same, packed: the one that is unpacked is taken.
    put(gzipSync(Buffer.of(0)), folder, 'parts', 'train-images-idx3-ubyte.gz');
    put(idx([1], Uint8Array.of(3)), folder, 'parts', 'train-labels-idx1-ubyte');
    put1('parts', 't10k-images-idx3-ubyte', 2);
    const train = await read('parts');
    expect(whole(train)).toMatchObject({ data: Uint8Array.of(1, 1), labels: Uint8Array.of(3) });
    expect(train.taken).toEqual({
      part: 'train',
      examples: 'train-images-idx3-ubyte',
      labels: 'train-labels-idx1-ubyte',
      passedOver: ['t10k-images-idx3-ubyte', 'train-images-idx3-ubyte.gz'],
      notes: [],
    });
    expect(whole(await read('parts', 'test')).data).toEqual(Uint8Array.of(2, 2));
    await expect(read('parts', 'val')).rejects.toMatchObject({
      code: 'not-found',
      facts: { split: 'val', parts: ['test', 'train'] },
    });
  });

  test('of one file is that file, and of several for a part is refused with the list', async () => {
    put1('one', 'digits-images-idx3-ubyte', 5);
    expect(whole(await read('one')).data).toEqual(Uint8Array.of(5, 5));
    await expect(read('one', 'test')).rejects.toMatchObject({ code: 'not-found' });
    put1('several', 'emnist-letters-train-images-idx3-ubyte', 6);
    put1('several', 'emnist-digits-train-images-idx3-ubyte', 7);
    await expect(read('several')).rejects.toMatchObject({
      facts: {
        files: expect.arrayContaining([
          'emnist-letters-train-images-idx3-ubyte',
          'emnist-digits-train-images-idx3-ubyte',
        ]),
      },
    });
  });
});

test('the embedded MNIST begins with the digits 7 2 1 0 4', async () => {
  // As every first look at MNIST's test part shows.
  const mnist = await idxExamples(assetPath('data', 'mnist', 't10k-images-idx3-ubyte.gz'));
  expect(mnist.count).toBe(10_000);
  expect(mnist.shape).toEqual([1, 28, 28]);
  expect([...(mnist.labels as Uint8Array).subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
});
