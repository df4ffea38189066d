import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { decodeCifar10 } from './cifar10-binary.ts';
import { decodeCifar10Pickle } from './cifar10-pickle.ts';
import { put, temporaryFolder } from './fixtures/folder.ts';
import { tar } from './fixtures/tar.ts';
import { whole } from './fixtures/whole.ts';
import { cifar10Examples } from './node/cifar10.ts';
import { loadDataset } from './node/load.ts';

const folder = temporaryFolder();
const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const pickle = fixture('cifar10-first5.pickle');
const records = fixture('cifar10-first5.bin');

/**
 * A batch of one image of one value and one label, in Python 2's protocol 2, with its shape and
 * labels changed.
 */
function batch(label: number, value: number, pixels = 3072): Buffer {
  const array = [
    'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R',
    `(K\x01K\x01M${String.fromCharCode(pixels & 255, pixels >> 8)}\x86`,
    'cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb',
    `\x89T${String.fromCharCode(pixels & 255, pixels >> 8, 0, 0)}`,
  ];
  return Buffer.concat([
    Buffer.from(`\x80\x02}(U\x06labels](K${String.fromCharCode(label)}eU\x04data`, 'latin1'),
    Buffer.from(array.join(''), 'latin1'),
    Buffer.alloc(pixels, value),
    Buffer.from('tbu.'),
  ]);
}

const official = {
  'cifar-10-batches-py/data_batch_2': batch(2, 20),
  'cifar-10-batches-py/batches.meta': Buffer.from('\x80\x02}.', 'latin1'),
  'cifar-10-batches-py/data_batch_1': pickle,
  'cifar-10-batches-py/test_batch': batch(9, 90),
  'cifar-10-batches-py/readme.html': Buffer.from('<html>'),
};

test('the Python version holds what the binary version holds', () => {
  const python = whole(decodeCifar10Pickle([{ name: 'data_batch_1', data: pickle }]));
  expect(python).toEqual(whole(decodeCifar10([{ name: 'data_batch_1.bin', data: records }])));
});

test('an archive and a folder have a train and a test part, of the same hash as the binary ones', async () => {
  for (const [name, bytes] of Object.entries(official)) put(bytes, folder, name);
  const archive = put(gzipSync(tar(official)), folder, 'cifar-10-python.tar.gz');
  const second = Buffer.concat([Buffer.of(2), Buffer.alloc(3072, 20)]);
  put(records, folder, 'binary', 'data_batch_1.bin');
  put(second, folder, 'binary', 'data_batch_2.bin');
  const { hash } = await loadDataset(join(folder, 'binary'));
  for (const path of [archive, join(folder, 'cifar-10-batches-py')]) {
    const train = await loadDataset(path);
    expect([...(train.labels as Uint8Array)]).toEqual([6, 9, 9, 4, 1, 2]);
    expect(train.hash).toBe(hash);
    const held = whole(await cifar10Examples(path, { split: 'test' }));
    expect(held).toMatchObject({ count: 1, labels: Uint8Array.of(9) });
    expect(new Set(held.data)).toEqual(new Set([90]));
  }
});

test('one batch is known by its name', async () => {
  const path = put(pickle, folder, 'alone', 'data_batch_3');
  expect((await loadDataset(path)).count).toBe(5);
  await expect(loadDataset(path, { split: 'test' })).rejects.toThrow(/no test split/);
  await expect(loadDataset(join(folder, 'alone'), { split: 'test' })).rejects.toThrow(
    /alone: has no test_batch for the test split; add it/,
  );
});

test('an array in column-major order is put in order', () => {
  // Of one row, both orders are the same bytes: turn the five rows of the fixture instead.
  const at = pickle.indexOf(Buffer.from('\x89T\x00\x3c\x00\x00', 'latin1'));
  const turned = Buffer.from(pickle);
  turned[at] = 0x88;
  const pixels = pickle.subarray(at + 6, at + 6 + 5 * 3072);
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 3072; column++) {
      turned[at + 6 + column * 5 + row] = pixels[row * 3072 + column] as number;
    }
  }
  const examples = (data: Uint8Array) => whole(decodeCifar10Pickle([{ name: 'a', data }]));
  expect(examples(turned)).toEqual(examples(pickle));
});

const other = (text: string) => Buffer.from(`\x80\x02${text}`, 'latin1');

test.each([
  ['no dictionary', other('].'), /has no array "data"; give a batch of CIFAR-10's Python/],
  ['CIFAR-100', batch(1, 1).fill('fabels', 6, 12), /has no list "labels"/],
  ['other images', batch(1, 1, 784), /data has shape \(1, 784\), \(1, 3072\) expected/],
  ['another label', batch(10, 1), /label of record 0 is 10, 0 to 9 expected/],
  ['cut short', pickle.subarray(0, 9000), /the pickle is cut short at byte 9000; get the file/],
])('%s is one clear error', (_, data, message) => {
  const read = () => decodeCifar10Pickle([{ name: 'data_batch_1', data }]);
  expect(read).toThrow(UserError);
  expect(read).toThrow(message);
  expect(read).toThrow(/^data_batch_1: [^\n]*$/);
});
