import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { readAll } from '../../../src/data/dataset.ts';
import { assetPath, loadDataset } from '../../../src/data/node/index.ts';
import { planeExamples, readDigits8, readMnist } from './examples.ts';

vi.mock('../../../assets/data/mnist/t10k-images-idx3-ubyte.gz?url', () => ({ default: '' }));
vi.mock('../../../assets/data/digits8/uci-digits-test.npz?url', () => ({ default: '' }));

const bytesOf = async (...path: string[]) => Uint8Array.from(await readFile(assetPath(...path)));

test('the digits are those that the command line reads', async () => {
  const mnist = await bytesOf('data', 'mnist', 't10k-images-idx3-ubyte.gz');
  const expected = readAll(await loadDataset('mnist'));
  expect(Buffer.from(await readMnist(mnist)).equals(Buffer.from(expected as Uint8Array))).toBe(
    true,
  );
  // A host may unpack what it sends.
  const unpacked = Uint8Array.from(gunzipSync(mnist));
  expect(Buffer.from(await readMnist(unpacked)).equals(Buffer.from(expected as Uint8Array))).toBe(
    true,
  );
  const digits8 = readDigits8(await bytesOf('data', 'digits8', 'uci-digits-test.npz'));
  expect(digits8).toEqual(readAll(await loadDataset('digits8')));
});

const choice = { target: 'rings', points: [], centres: [], seed: 3 };

test('examples of the plane are a function of the seed, and fewer of them the first', () => {
  const all = planeExamples(choice).values;
  expect(all).toHaveLength(20_000);
  expect(planeExamples(choice, 50).values).toEqual(all.subarray(0, 100));
  expect(planeExamples({ ...choice, seed: 4 }, 50).values).not.toEqual(all.subarray(0, 100));
});

test('points that are drawn are the examples; none is an error', () => {
  const points = [
    [1, 2],
    [3, -4],
  ] as const;
  const { values } = planeExamples({ ...choice, target: 'points', points });
  expect([...values]).toEqual([1, 2, 3, -4]);
  expect(() => planeExamples({ ...choice, target: 'points' })).toThrow(/at least one point/);
  expect(() => planeExamples({ ...choice, target: 'mixture' })).toThrow(/at least one centre/);
});
