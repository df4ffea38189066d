import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, expect, test, vi } from 'vitest';
import { UserError } from '../../errors.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { tar } from '../fixtures/tar.ts';
import { encodeNpy } from '../npy-encode.ts';
import { type NamedSet, namedSet, namedSets } from '../registry.ts';
import { assetPath } from './assets.ts';
import { cacheFolder, locateSet } from './cache.ts';
import { describeDataset } from './describe.ts';
import { downloadFile } from './fetch.ts';
import { loadDataset } from './load.ts';
import { fetchDataset, listDatasets, verifyDataset } from './sets.ts';

// The network is not part of these tests: a "download" here copies from the shipped files.
vi.mock('./fetch.ts', () => ({
  downloadFile: vi.fn(async ({ path }: { path: string }, { onProgress }) => {
    const name = path.split(/[\\/]/).at(-1) as string;
    const shipped = assetPath('data', 'mnist', name.replace('train', 't10k'));
    mkdirSync(join(path, '..'), { recursive: true });
    copyFileSync(shipped, path);
    onProgress(10);
  }),
}));

const folder = temporaryFolder();
const debian = '/usr/share/datasets/fashion-mnist';

beforeEach(() => {
  vi.stubEnv('MDENSITY_DATA', join(folder, 'cache'));
  vi.mocked(downloadFile).mockClear();
});

test('the cache follows MDENSITY_DATA, else the platform', () => {
  expect(cacheFolder()).toBe(join(folder, 'cache'));
  vi.stubEnv('MDENSITY_DATA', '');
  expect(cacheFolder()).toMatch(/mdensity/);
});

test('every set is described whole', () => {
  for (const set of namedSets) {
    const { train, test: held } = set.parts;
    expect(train.count + (held?.count ?? 0)).toBe(set.count);
    const names = set.files.map(({ name }) => name);
    for (const name of [...train.files, ...(held?.files ?? [])]) expect(names).toContain(name);
    for (const file of set.files) {
      expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(file.md5 ?? '0'.repeat(32)).toMatch(/^[0-9a-f]{32}$/);
      expect(set.embedded === true || file.url?.endsWith(file.name)).toBe(true);
    }
  }
});

test('the shipped files have the checksums that are recorded', async () => {
  for (const name of ['mnist', 'digits8']) {
    const report = await verifyDataset(name);
    expect(report).toMatchObject({ name, ok: true, location: { kind: 'embedded' } });
  }
  for (const file of namedSet('mnist').files) {
    const packed = readFileSync(assetPath('data', 'mnist', file.name));
    expect(createHash('md5').update(packed).digest('hex')).toBe(file.md5);
    const content = createHash('sha256').update(gunzipSync(packed)).digest('hex');
    expect(content).toBe(file.contentSha256);
  }
});

test('list tells what is here', async () => {
  const listed = await listDatasets();
  expect(listed.map(({ name }) => name)).toEqual(namedSets.map(({ name }) => name));
  expect(listed[0]).toMatchObject({ name: 'mnist', location: { kind: 'embedded' } });
  expect(listed.find(({ name }) => name === 'cifar10')).not.toHaveProperty('location');
});

test('fetch downloads what is missing, tells progress, and leaves what is right', async () => {
  const cache = join(folder, 'cache', 'mnist-full');
  for (const { name } of namedSet('mnist').files) {
    mkdirSync(cache, { recursive: true });
    copyFileSync(assetPath('data', 'mnist', name), join(cache, name));
  }
  const received: number[] = [];
  const report = await fetchDataset('mnist-full', {
    onProgress: (progress) => received.push(progress.done),
  });
  expect(report).toEqual({
    name: 'mnist-full',
    location: { kind: 'cache', folder: cache },
    downloaded: ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz'],
  });
  expect(received).toEqual([10, 9912422, 9912432, 9941303, 11590180, 11594722]);
  expect(vi.mocked(downloadFile).mock.calls[0]?.[0]).toMatchObject({
    url: 'https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz',
    md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
  });
});

test('fetch leaves a shipped set alone', async () => {
  expect((await fetchDataset('mnist')).downloaded).toEqual([]);
  expect(downloadFile).not.toHaveBeenCalled();
});

test('verify names the damaged file and the command that mends it', async () => {
  const set = namedSet('cifar10');
  const path = put('', folder, 'cache', 'cifar10', 'cifar-10-binary.tar.gz');
  writeFileSync(path, Buffer.alloc(0));
  await expect(verifyDataset('cifar10')).rejects.toThrow(/not on this machine; run: mdensity data/);
  expect(await locateSet(set)).toBeUndefined();
  const names = namedSet('mnist-full').files.map(({ name }) => name);
  const cache = join(folder, 'cache', 'mnist-full');
  for (const { name, bytes } of namedSet('mnist-full').files) {
    put(Buffer.alloc(bytes), cache, name);
  }
  const report = await verifyDataset('mnist-full');
  expect(report.ok).toBe(false);
  expect(report.files.map(({ name }) => name)).toEqual(names);
  expect(report.files[0]?.problem).toMatch(
    /^SHA-256 is \w+, 440f\w+ expected; run: mdensity data fetch mnist-full$/,
  );
});

test('an unknown name suggests the nearest', async () => {
  await expect(verifyDataset('cifar')).rejects.toThrow(UserError);
  await expect(fetchDataset('cifar')).rejects.toThrow(
    /"cifar" is not a named data set\. Did you mean/,
  );
});

test('a system folder is found by itself, whatever the size of its files', async () => {
  const systemFolder = join(folder, 'system');
  const mnist = namedSet('mnist');
  for (const { name } of mnist.files) {
    // Compressed anew, as Debian does: other bytes, the same contents.
    const content = gunzipSync(readFileSync(assetPath('data', 'mnist', name)));
    put(gzipSync(content, { level: 1 }), systemFolder, name);
  }
  const { embedded, ...rest } = mnist;
  expect(embedded).toBe(true);
  const set: NamedSet = { ...rest, name: 'elsewhere', systemFolder };
  expect(await locateSet(set)).toEqual({ kind: 'system', folder: systemFolder });
});

test.skipIf(!existsSync(debian))("Debian's Fashion-MNIST is right and is used", async () => {
  expect(await verifyDataset('fashion-mnist')).toMatchObject({
    ok: true,
    location: { kind: 'system', folder: debian },
  });
  expect((await fetchDataset('fashion-mnist')).downloaded).toEqual([]);
  const held = await describeDataset('fashion-mnist', { split: 'test' });
  expect(held.count).toBe(10_000);
  expect(held.classes?.every(({ count }) => count === 1000)).toBe(true);
  // The field's usual normalisation figures for the training part: mean 0.2860, std 0.3530.
  const { values } = await describeDataset('fashion-mnist');
  expect(values?.mean).toBeCloseTo(0.286, 3);
  expect(values?.std).toBeCloseTo(0.353, 3);
});

test('info measures what is here', async () => {
  const info = await describeDataset('mnist');
  expect(info).toMatchObject({
    name: 'mnist',
    count: 10_000,
    shape: [1, 28, 28],
    licence: 'CC BY-SA 3.0',
    parts: { train: 10_000 },
    location: { kind: 'embedded', folder: assetPath('data', 'mnist') },
    values: { type: 'uint8', min: 0, max: 1 },
  });
  expect(info.classes?.[1]).toEqual({ name: '1', count: 1135 });
  // Computed with NumPy from the same file.
  expect(info.values?.mean).toBeCloseTo(0.13251460584233696, 12);
  expect(info.values?.std).toBeCloseTo(0.3104802479305351, 12);
});

test('info tells what is known of a set that is not here, and describes a path', async () => {
  const info = await describeDataset('cifar10', { split: 'test' });
  expect(info).toMatchObject({ count: 10_000, parts: { train: 50_000, test: 10_000 } });
  expect(info).not.toHaveProperty('values');
  const path = put(encodeNpy(Float32Array.of(1, -1, 3, -3), [2, 2]), folder, 'points.npy');
  expect(await describeDataset(path)).toMatchObject({
    name: 'points.npy',
    shape: [2],
    location: { kind: 'path', folder: path },
    values: { type: 'float32', mean: 0, std: Math.sqrt(5), min: -3, max: 3 },
  });
});

test('a set in the cache that holds too little is refused', async () => {
  const cache = join(folder, 'cache', 'cifar10');
  const archive = gzipSync(tar({ 'data_batch_1.bin': Buffer.alloc(3073) }));
  const { bytes } = namedSet('cifar10').files[0] as { bytes: number };
  // As long as the real one (a sparse file): gzip passes over zeros that follow it.
  const path = put(archive, cache, 'cifar-10-binary.tar.gz');
  const { truncateSync } = await import('node:fs');
  truncateSync(path, bytes);
  await expect(loadDataset('cifar10')).rejects.toThrow(
    /holds 1 examples of shape \[3,32,32\], 50000 of .*; run: mdensity data verify cifar10/,
  );
});
