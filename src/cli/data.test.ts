import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { namedSet } from '../data/index.ts';
import { assetPath, type DatasetInfo, type DatasetListing } from '../data/node/index.ts';
import { mdensity, mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const embedded = assetPath('data', 'mnist', 't10k-images-idx3-ubyte.gz');

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('data', () => {
  test('list shows every named set, and where it is', async () => {
    const { sets } = await mdensityJson<{ sets: DatasetListing[] }>('data', 'list');
    expect(sets.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['mnist', 'digits8', 'mnist-full', 'fashion-mnist', 'cifar10']),
    );
    const { stdout } = await mdensity('data', 'list');
    expect(stdout).toMatch(/^mnist +10000 × 1×28×28 +embedded/m);
  });

  test('info describes a set', async () => {
    const info = await mdensityJson<DatasetInfo>('data', 'info', 'digits8');
    expect(info).toMatchObject({ name: 'digits8', count: 1797, shape: [1, 8, 8] });
    const { stdout } = await mdensity('data', 'info', 'digits8');
    expect(stdout).toMatch(/^licence +CC BY 4\.0$/m);
    expect(stdout).toMatch(/^values +uint8, mean 0\.\d+, std 0\.\d+$/m);
  });

  test('verify finds a damaged file of the cache, and says how to mend it', async () => {
    expect((await mdensity('data', 'verify', 'digits8')).stdout).toMatch(/^ok +uci-digits/);
    vi.stubEnv('MDENSITY_DATA', at('damaged-cache'));
    await mkdir(at('damaged-cache', 'mnist-full'), { recursive: true });
    for (const { name, bytes } of namedSet('mnist-full').files) {
      await writeFile(at('damaged-cache', 'mnist-full', name), new Uint8Array(bytes));
    }
    const { code, stdout, stderr } = await mdensity('data', 'verify', 'mnist-full');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^DAMAGED {2}t10k-images.*SHA-256 is .* expected; run: mdensity data/m);
    expect(stderr).toBe(
      'mdensity: mnist-full: a file is not as published; run: mdensity data fetch mnist-full\n',
    );
    expect(await refusal('data', 'verify', 'cifar10')).toMatch(
      /cifar10 is not on this machine; run: mdensity data fetch cifar10/,
    );
    expect(await refusal('data', 'info', 'cifr10')).toMatch(/Did you mean "cifar10"\?/);
    expect(await refusal('data', 'verify', 'mnits')).toMatch(/Did you mean "mnist"\?/);
  });

  test('a set that is missing is asked for by name', async () => {
    vi.stubEnv('MDENSITY_DATA', at('cache'));
    const args = ['--net', 'digits', '--data', 'cifar10', '--out', at('never')];
    expect(await refusal('train', ...args)).toMatch(/run: mdensity data fetch cifar10/);
  });
});

describe('damaged data is one line that names the file', () => {
  const trainOn = (data: string) =>
    refusal('train', '--net', 'digits8', '--data', data, '--out', at('never'));

  test('IDX and gzip', async () => {
    const packed = await readFile(embedded);
    const plain = gunzipSync(packed);
    const wrongMagic = Buffer.from(plain.subarray(0, 5000));
    wrongMagic.writeUInt32BE(0xdeadbeef, 0);
    const corrupt = Buffer.from(packed);
    corrupt.fill(0x55, 1000, 1100);
    const cases = {
      'cut-idx3-ubyte': [plain.subarray(0, 5000), /cut short: 5000 of 7840016 bytes; get the file/],
      'magic-idx3-ubyte': [wrongMagic, /magic number 0xdeadbeef is not IDX's.*is it an IDX file/],
      'cut-idx3-ubyte.gz': [packed.subarray(0, 5000), /the gzip stream is cut short; get the file/],
      'bad-idx3-ubyte.gz': [corrupt, /the gzip stream is corrupt .*get the file again/],
    } as const;
    for (const [name, [bytes, finds]] of Object.entries(cases)) {
      await writeFile(at(name), bytes);
      const line = await trainOn(at(name));
      expect(line.startsWith(at(name))).toBe(true);
      expect(line).toMatch(finds);
      expect(await refusal('data', 'info', at(name))).toMatch(finds);
    }
  });

  test('folders of images', async () => {
    const picture = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#336699' } })
        .png()
        .toBuffer();
    const folder = async (name: string, files: Record<string, Uint8Array>) => {
      await mkdir(at(name));
      for (const [file, bytes] of Object.entries(files)) await writeFile(at(name, file), bytes);
      return at(name);
    };
    const [small, large] = [await picture(8, 8), await picture(8, 12)];
    const mixed = await folder('mixed', { 'a.png': small, 'b.png': large });
    expect(await trainOn(mixed)).toMatch(
      /b\.png: is 8×12 but .*a\.png is 8×8; resize all with size: 8/,
    );
    const broken = await folder('broken', { 'a.png': small, 'b.png': small.subarray(0, 50) });
    expect(await trainOn(broken)).toMatch(/b\.png: can not be read as an image .*remove it/);
    expect(await trainOn(await folder('bare', {}))).toMatch(/bare: holds no PNG.*give a folder/);
    // What the error advises is enough.
    const args = ['--net', 'mlp', '--steps', '1', '--batch', '2', '--out', at('resized')];
    await mdensityJson('train', '--data', mixed, '--size', '8', ...args);
    await mdensityJson('train', '--out', at('resized'), '--resume');
  });
});

describe('info', () => {
  test('of a run and of its model', async () => {
    const run = at('run');
    await mdensityJson(
      ...['train', '--net', 'mlp', '--data', 'digits8', '--steps', '2', '--batch', '4'],
      ...['--limit', '20', '--out', run],
    );
    const facts = await mdensityJson<{ checkpoints: number[] }>('info', run);
    expect(facts).toMatchObject({
      checkpoints: [2],
      last: { step: 2 },
      model: { noise: { sigma: 0.5 } },
    });
    expect(await mdensityJson('info', join(run, 'model.onnx'))).toMatchObject({
      shape: [1, 8, 8],
      model: { parametrization: 'gps', noise: { sigma: 0.5, measurements: 1 } },
    });
    expect((await mdensity('info', run)).stdout).toMatch(/^checkpoints +2$/m);
  });

  test('of nothing that is there', async () => {
    expect(await refusal('info', at('nowhere'))).toMatch(
      /nowhere: no such run, model or file\. Give/,
    );
    expect(await refusal('info', work)).toMatch(
      /is a folder without a run; give a run's directory/,
    );
    await mkdir(at('damaged'));
    await writeFile(at('damaged', 'run.json'), '{');
    expect(await refusal('info', at('damaged'))).toMatch(/run\.json: not JSON; restore the file/);
  });
});

test('info takes the options that its errors advise', async () => {
  const some = await mdensityJson<{ count: number }>(
    ...['data', 'info', 'mnist', '--classes', '3,8', '--limit', '40'],
  );
  expect(some.count).toBe(40);
  expect(await refusal('data', 'info', 'mnist', '--channels', '2')).toMatch(/^--channels: /);
});
