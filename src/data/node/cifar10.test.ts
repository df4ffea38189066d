import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { decodeCifar10 } from '../cifar10-binary.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { tar } from '../fixtures/tar.ts';
import { whole } from '../fixtures/whole.ts';
import { cifar10Examples } from './cifar10.ts';

const folder = temporaryFolder();
const first5 = fileURLToPath(new URL('../fixtures/cifar10-first5.bin', import.meta.url));

/** A record of one label and one value in all pixels. */
function record(label: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(label), Buffer.alloc(3072, value)]);
}

const official = {
  'cifar-10-batches-bin/data_batch_2.bin': record(2, 20),
  'cifar-10-batches-bin/data_batch_1.bin': Buffer.concat([record(1, 10), record(3, 30)]),
  'cifar-10-batches-bin/test_batch.bin': record(9, 90),
  'cifar-10-batches-bin/batches.meta.txt': Buffer.from('airplane\n'),
};

test('the first training images are a frog, two trucks, a deer and an automobile', async () => {
  const { count, shape, data, labels, classes } = whole(await cifar10Examples(first5));
  expect([count, shape]).toEqual([5, [3, 32, 32]]);
  const names = [...(labels as Uint8Array)].map((label) => classes?.[label]);
  expect(names).toEqual(['frog', 'truck', 'truck', 'deer', 'automobile']);
  // The red plane's first pixels, then the green plane's, as the Python version of CIFAR-10 has
  // them.
  expect([...data.subarray(0, 3)]).toEqual([59, 43, 50]);
  expect([...data.subarray(1024, 1027)]).toEqual([62, 46, 48]);
});

test.each(['a.tar', 'a.tar.gz'])('%s has a train and a test part', async (name) => {
  const bytes = name.endsWith('gz') ? gzipSync(tar(official)) : tar(official);
  const path = put(bytes, folder, name);
  const train = whole(await cifar10Examples(path));
  expect([...(train.labels as Uint8Array)]).toEqual([1, 3, 2]);
  expect([0, 3072, 6144].map((i) => train.data[i])).toEqual([10, 30, 20]);
  expect(await cifar10Examples(path, { split: 'test' })).toMatchObject({
    count: 1,
    labels: Uint8Array.of(9),
  });
});

test('so has a folder with the official names; others have one part', async () => {
  for (const [name, bytes] of Object.entries(official)) put(bytes, folder, name);
  const path = join(folder, 'cifar-10-batches-bin');
  expect((await cifar10Examples(path)).count).toBe(3);
  expect((await cifar10Examples(path, { split: 'test' })).count).toBe(1);
  put(record(4, 0), folder, 'own', 'mine.bin');
  expect((await cifar10Examples(join(folder, 'own'))).labels).toEqual(Uint8Array.of(4));
  await expect(cifar10Examples(join(folder, 'own'), { split: 'test' })).rejects.toThrow(
    /no test split/,
  );
  put(record(4, 0), folder, 'half', 'test_batch.bin');
  await expect(cifar10Examples(join(folder, 'half'))).rejects.toThrow(
    /has no data_batch_\*\.bin for the train split/,
  );
});

test.each([
  [
    'cut short',
    record(1, 1).subarray(0, 3000),
    /size is 3000 bytes, not a whole number of 3073-byte/,
  ],
  ['empty', Buffer.alloc(0), /size is 0 bytes/],
  [
    'another layout',
    Buffer.concat([record(1, 1), record(10, 1)]),
    /label of record 1 is 10, 0 to 9/,
  ],
])('%s names the file and the field', (_, data, message) => {
  expect(() => decodeCifar10([{ name: 'a.bin', data }])).toThrow(UserError);
  expect(() => decodeCifar10([{ name: 'a.bin', data }])).toThrow(message);
});

test('a missing file and an archive of something else are one line each', async () => {
  await expect(cifar10Examples(join(folder, 'none.bin'))).rejects.toThrow(
    /none\.bin: no such file/,
  );
  const path = put(tar({ 'a.txt': Buffer.from('a') }), folder, 'other.tar');
  await expect(cifar10Examples(path)).rejects.toThrow(
    /other\.tar: holds no \.bin file and no data_batch_1; give/,
  );
  const cut = put(gzipSync(readFileSync(first5)).subarray(0, 4000), folder, 'cut.tar.gz');
  await expect(cifar10Examples(cut)).rejects.toThrow(/cut\.tar\.gz: the gzip stream is cut short/);
});
