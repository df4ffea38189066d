/** Against a server on this machine that answers as Hugging Face's does. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../data/fixtures/folder.ts';
import type { Progress } from '../../progress.ts';
import { cachedHubModel, fetchHubModel, parseHubModel } from './hub.ts';
import { startHub, type TestHub, type TestHubOptions } from './testing.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../../model/pretrained/fixtures/diffusers-ddpm/${name}`, import.meta.url));
const WEIGHTS = 'diffusion_pytorch_model.safetensors';
const files = {
  'config.json': fixture('config.json'),
  'scheduler_config.json': fixture('scheduler_config.json'),
  'README.md': Buffer.from('---\nlicense: apache-2.0\n---\n# Tiny\n'),
  [WEIGHTS]: fixture(WEIGHTS),
};
const repository = 'tiny/ddpm';
const model = { repository };

const parent = temporaryFolder();
let hub: TestHub;
let count = 0;

/** Starts a hub, and an empty cache for it. */
async function start(options: Partial<TestHubOptions> = {}) {
  await hub?.close();
  hub = await startHub({ files, repository, ...options });
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', join(parent, `home ${count++}`));
}

beforeEach(async () => {
  for (const name of ['HF_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_CACHE', 'HF_HUB_OFFLINE']) {
    vi.stubEnv(name, '');
  }
  await start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

const large = () =>
  hub.requests.filter(({ method, path }) => method === 'GET' && path.startsWith('/large/'));

test('files come into the cache in the layout of huggingface_hub, and stay there', async () => {
  const seen: Progress[] = [];
  const folder = await fetchHubModel(model, { onProgress: (progress) => seen.push(progress) });
  const commit = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
  expect(folder).toBe(join(process.env.HF_HOME!, 'hub', 'models--tiny--ddpm', 'snapshots', commit));
  for (const [name, bytes] of Object.entries(files)) {
    expect(readFileSync(join(folder, name)).equals(bytes), name).toBe(true);
  }
  expect(readFileSync(join(folder, '..', '..', 'refs', 'main'), 'utf8')).toBe(commit);
  expect(seen.at(-1)).toMatchObject({ done: files[WEIGHTS]!.length, unit: 'bytes' });
  await hub.close();
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  expect(await fetchHubModel(model)).toBe(folder);
  expect(await fetchHubModel({ repository, revision: commit })).toBe(folder);
});

test('a token goes to the Hub, and not to the host of large files', async () => {
  await start({ token: 'secret' });
  await expect(fetchHubModel(model)).rejects.toThrow(
    'hf:tiny/ddpm: is not there, or may not be read (HTTP 401)',
  );
  vi.stubEnv('HF_TOKEN', 'secret');
  await fetchHubModel(model);
  expect(large().map(({ authorization }) => authorization)).toEqual([undefined]);
  expect(large()[0]!.host).toContain('localhost');
});

test('a download that breaks off goes on where it stopped', async () => {
  hub.cutAfter = 40_000;
  await fetchHubModel(model);
  expect(large().length).toBeGreaterThan(1);
  expect(large()[1]!.range).toMatch(/^bytes=[1-9]\d*-$/);
});

test('what does not have the checksum is not kept', async () => {
  const other = Buffer.from(files[WEIGHTS]!);
  other[1000]! ^= 1;
  hub.sent = other;
  await expect(fetchHubModel(model)).rejects.toThrow(/SHA-256 is .* expected; nothing was kept/);
  hub.sent = undefined;
  await fetchHubModel(model);
});

test('a pipeline has its network and its schedule in folders', async () => {
  const pipeline = {
    'model_index.json': Buffer.from('{"_class_name":"DDPMPipeline"}'),
    'unet/config.json': files['config.json'],
    [`unet/${WEIGHTS}`]: files[WEIGHTS]!,
    'scheduler/scheduler_config.json': files['scheduler_config.json'],
  };
  await start({ files: pipeline });
  const folder = await fetchHubModel(model);
  for (const [name, bytes] of Object.entries(pipeline)) {
    expect(readFileSync(join(folder, name)).equals(bytes), name).toBe(true);
  }
});

/** The same weights in two files, and an index of them. */
const sharded = (names = ['part-1', 'part-2']) => ({
  'config.json': files['config.json'],
  'scheduler_config.json': files['scheduler_config.json'],
  [`${WEIGHTS}.index.json`]: Buffer.from(
    JSON.stringify({ weight_map: Object.fromEntries(names.map((n) => [n, `${n}.safetensors`])) }),
  ),
  'part-1.safetensors': files[WEIGHTS]!,
  'part-2.safetensors': files[WEIGHTS]!,
});

test('weights in several files are here when all of them are', async () => {
  await start({ files: sharded() });
  const folder = await fetchHubModel(model);
  expect(await cachedHubModel(model)).toBe(folder);
  rmSync(join(folder, 'part-2.safetensors'));
  expect(await cachedHubModel(model)).toBeUndefined();
  await fetchHubModel(model);
  expect(await cachedHubModel(model)).toBe(folder);
});

test('an index that names what the repository lacks, or no files, is one line', async () => {
  await start({ files: sharded(['part-1', 'part-3']) });
  await expect(fetchHubModel(model)).rejects.toMatchObject({
    message: 'hf:tiny/ddpm: its index of weights names part-3.safetensors, which it does not have',
  });
  await start({ files: { ...sharded(), [`${WEIGHTS}.index.json`]: Buffer.from('[1') } });
  await expect(fetchHubModel(model)).rejects.toMatchObject({ code: 'unreadable' });
  expect(await cachedHubModel(model)).toBeUndefined();
});

test.each([
  ['another repository', { repository: 'tiny/other' }, 'hf:tiny/other: is not there'],
  ['another revision', { repository, revision: 'v2' }, 'hf:tiny/ddpm: has no revision v2'],
])('%s is refused in one line', async (_, asked, message) => {
  const error = await fetchHubModel(asked).catch((thrown: Error) => thrown);
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).not.toContain('\n');
});

test('no network, no model of diffusers, and a cache without it are said', async () => {
  await start({ files: { 'README.md': files['README.md'] } });
  await expect(fetchHubModel(model)).rejects.toThrow('hf:tiny/ddpm: has no config.json');
  await start({ files: { 'config.json': files['config.json'] } });
  await expect(fetchHubModel(model)).rejects.toThrow('hf:tiny/ddpm: has no weights of diffusers');
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  await expect(fetchHubModel(model)).rejects.toThrow('HF_HUB_OFFLINE is set');
  vi.stubEnv('HF_HUB_OFFLINE', '');
  await hub.close();
  await expect(fetchHubModel(model)).rejects.toThrow(
    'can not be reached: the connection is refused',
  );
});

test.each([
  ['mnist', undefined],
  ['hf:google/ddpm-cifar10-32', { repository: 'google/ddpm-cifar10-32' }],
  ['hf:a/b.c@v1.0', { repository: 'a/b.c', revision: 'v1.0' }],
])('%s is read', (text, expected) => {
  expect(parseHubModel(text)).toEqual(expected);
});

test.each(['hf:', 'hf:one', 'hf:../x', 'hf:a/..', 'hf:a/b@../c', 'hf:a/b/c'])(
  '%s is no model of the Hub',
  (text) => {
    expect(() => parseHubModel(text)).toThrow('is no model of the Hub');
  },
);
