import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import type { Progress } from '../../progress.ts';
import { createBatches } from '../../train/batches.ts';
import { readAll } from '../dataset.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { whole } from '../fixtures/whole.ts';
import { encodeNpy, type WritableNpyData } from '../npy-encode.ts';
import { npyExamples } from './arrays.ts';
import { describeDataset } from './describe.ts';
import { loadDataset } from './load.ts';
import { openNpyRows } from './npy-file.ts';

const folder = temporaryFolder();
/** Reads any file from the disk. */
const fromFile = { memoryLimit: 0 };

function save(name: string, data: WritableNpyData, shape: readonly number[]): string {
  return put(encodeNpy(data, shape), folder, name);
}

/** Bytes that differ from place to place. */
function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 256);
}

const arrays: readonly (readonly [string, WritableNpyData, readonly number[]])[] = [
  ['bytes, grey', bytes(7 * 12), [7, 3, 4]],
  ['bytes, channels first', bytes(7 * 36), [7, 3, 3, 4]],
  ['bytes, channels last', bytes(7 * 60), [7, 5, 4, 3]],
  ['floats, channels last', Float32Array.from(bytes(7 * 60), (x) => x / 255), [7, 5, 4, 3]],
  ['doubles', Float64Array.from(bytes(14), (x) => x / 3), [7, 2]],
  ['numbers', Float32Array.from(bytes(14)), [14]],
];

test.each(arrays)(
  '%s: a file gives the same examples, hash and figures as memory',
  async (...of) => {
    const [name, data, shape] = of;
    const path = save(`${name}.npy`, data, shape);
    const [read, held] = [await loadDataset(path, fromFile), await loadDataset(path)];
    expect(whole(read)).toEqual(whole(held));
    expect(await describeDataset(path, fromFile)).toEqual(await describeDataset(path));
    const some = await loadDataset(path, { ...fromFile, limit: 3 });
    expect(whole(some)).toEqual(whole(await loadDataset(path, { limit: 3 })));
  },
);

test('batches of a file are those of memory, to the bit', async () => {
  const path = save('batches.npy', bytes(50 * 60), [50, 5, 4, 3]);
  const [read, held] = [await loadDataset(path, fromFile), await loadDataset(path)];
  const filled = [read, held].map((dataset) => {
    const batches = createBatches(dataset, { seed: 3, batch: 16, flip: true });
    return Array.from({ length: 5 }, (_, index) => {
      const [x, noise] = [new Uint8Array(16 * 60), new Float32Array(16 * 60)];
      batches.fill(index, x, noise);
      return { x, noise };
    });
  });
  expect(filled[0]).toEqual(filled[1]);
});

test('channels come first, whatever the file has', async () => {
  // numpy.arange(12).reshape(1, 2, 2, 3).transpose(0, 3, 1, 2)
  const path = save(
    'last.npy',
    Uint8Array.from({ length: 12 }, (_, i) => i),
    [1, 2, 2, 3],
  );
  const { shape, data } = whole(await npyExamples(path, fromFile));
  expect(shape).toEqual([3, 2, 2]);
  expect([...data]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
});

test('big-endian values are turned', async () => {
  const file = Buffer.from(encodeNpy(Float32Array.of(1.5, -2, 0.25), [3]));
  file.write('>', file.indexOf('<'));
  file.subarray(-12).swap32();
  const path = put(file, folder, 'big.npy');
  expect([...readAll(await npyExamples(path, fromFile))]).toEqual([1.5, -2, 0.25]);
});

test('rows may be asked for in any order', () => {
  // Rows of 100 kB: ten fit into a block that is read ahead.
  const [count, size] = [25, 100_000];
  const { row } = openNpyRows(save('rows.npy', bytes(count * size), [count, size, 1]));
  const all = bytes(count * size);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: count - 1 }), { minLength: 1 }), (order) => {
      for (const i of order.flatMap((i) => [i, Math.min(i + 1, count - 1)])) {
        expect(Buffer.compare(row(i) as Uint8Array, all.subarray(i * size, (i + 1) * size))).toBe(
          0,
        );
      }
    }),
  );
});

test('progress is told in examples', async () => {
  const path = save('progress.npy', bytes(3 * 2 ** 20), [3, 1024, 1024]);
  const told: Progress[] = [];
  await describeDataset(path, { ...fromFile, onProgress: (progress) => told.push(progress) });
  expect(told).toEqual(
    [`checking ${path}`, 'measuring progress.npy'].flatMap((label) =>
      [1, 2, 3].map((done) => ({ label, done, of: 3, unit: 'examples' })),
    ),
  );
});

test('a value that is not usable is named before training', async () => {
  const values = new Float32Array(24).fill(0.5);
  values[17] = Number.NaN;
  const points = save('nan.npy', values, [6, 4]);
  await expect(loadDataset(points, fromFile)).rejects.toThrow(/value at \[4, 1\] is NaN; remove/);
  values[17] = 2;
  const images = save('two.npy', values, [2, 2, 2, 3]);
  await expect(loadDataset(images, fromFile)).rejects.toThrow(
    /two\.npy: value at \[1, 0, 1, 2\] is 2; scale float images to \[0, 1\]/,
  );
});

test('a file that becomes shorter while it is used is one clear error', async () => {
  // Images of 256 KiB: the last two are what is held of the file after it was read in order.
  const size = 2 ** 18;
  const path = save('shrinks.npy', bytes(10 * size), [10, 512, 512]);
  const { read } = await loadDataset(path, fromFile);
  truncateSync(path, 4 * size);
  const into = new Uint8Array(size);
  read(1, into, 0);
  expect(Buffer.compare(into, bytes(2 * size).subarray(size))).toBe(0);
  expect(() => read(7, into, 0)).toThrow(UserError);
  expect(() => read(7, into, 0)).toThrow(
    /^.*shrinks\.npy: has become shorter while it was in use;/,
  );
});

function withHeader(header: string, values: number): Buffer {
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header), Buffer.alloc(values)]);
}

const c = "'fortran_order': False";

test.each([
  ['no NPY', Buffer.from('hello'), /magic number is not NPY's/],
  ['cut short', encodeNpy(bytes(400), [100, 2, 2]).slice(0, -9), /cut short: 391 of 400 bytes/],
  [
    'Fortran',
    withHeader("{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 2)}", 4),
    /Fort|C o/,
  ],
  ['objects', withHeader(`{'descr': '|O', ${c}, 'shape': (4,)}`, 32), /descr \(type\) is "\|O"/],
  ['flat bytes', encodeNpy(bytes(400), [100, 4]), /neither images nor points; reshape/],
  ['nothing', encodeNpy(bytes(0), [0, 2, 2]), /shape \(0, 2, 2\) holds no examples/],
  ['video', encodeNpy(bytes(16), [1, 2, 2, 2, 2]), /has 5 dimensions/],
])('%s is one clear error', async (name, file, message) => {
  const path = join(folder, `bad ${name}.npy`);
  writeFileSync(path, file);
  await expect(loadDataset(path, fromFile)).rejects.toThrow(UserError);
  await expect(loadDataset(path, fromFile)).rejects.toThrow(message);
});
