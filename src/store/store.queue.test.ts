/** The two kinds of store do the same; the S3 server is a real one. */
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Environment, startS3, type TestServer } from '../queue/testing.ts';
import { anError } from '../testing-errors.ts';
import { openFolderStore } from './folder.ts';
import { decodeJson, encodeJson, fileOf, getObject, putFile, putObject } from './objects.ts';
import { openStore } from './open.ts';
import { openS3Store } from './s3.ts';
import type { Store } from './store.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-store-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
let server: TestServer;
beforeAll(async () => {
  server = await startS3();
});

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe.each([
  ['a folder', () => openFolderStore(join(work, 'folder'))],
  ['a bucket', () => openS3Store('s3://bucket/lab', s3Environment(server))],
] as const)('%s', (_, open) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });

  test('keeps a name as it was first written', async () => {
    expect(await store.read('a/b')).toBeUndefined();
    expect(await store.create('a/b', bytesOf('one'))).toBe(true);
    expect(await store.create('a/b', bytesOf('two'))).toBe(false);
    expect(textOf(await store.read('a/b'))).toBe('one');
    expect(await store.create('a/empty', new Uint8Array())).toBe(true);
    expect((await store.read('a/empty'))!.length).toBe(0);
  });

  test('lets one of many who write a name at once, and gives all of its bytes', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => `${i}`.repeat(100_000));
    const wrote = await Promise.all(texts.map((text) => store.create('race', bytesOf(text))));
    expect(wrote.filter(Boolean)).toHaveLength(1);
    const kept = new TextDecoder().decode(await store.read('race'));
    expect(kept).toBe(texts[wrote.indexOf(true)]);
  });

  test('keeps objects by their hashes, and files of them on this machine', async () => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    const hash = await putObject(store, bytes);
    expect(await putObject(store, bytes)).toBe(hash);
    expect(Buffer.compare(await getObject(store, hash), bytes)).toBe(0);
    const path = await fileOf(store, { name: 'x.npy', hash }, join(work, 'cache'));
    expect(await putFile(store, path, 'y.npy')).toEqual({ name: 'y.npy', hash });
    await expect(getObject(store, 'f'.repeat(64))).rejects.toThrow(
      /^store .*: object ffffffffffff is missing; give the store that the work was sent with$/,
    );
  });

  test('is the same store for who opens it again', async () => {
    await store.create('again', bytesOf('kept'));
    expect(textOf(await (await open()).read('again'))).toBe('kept');
  });
});

test('equal values are equal bytes, in whatever order their keys came', () => {
  const value = { b: [1, { d: null, c: 'x' }], a: 0.1 };
  expect(encodeJson(value)).toEqual(encodeJson({ a: 0.1, b: [1, { c: 'x', d: null }] }));
  expect(decodeJson(encodeJson(value))).toEqual(value);
});

test('damaged bytes are told, not used', async () => {
  const store = await openFolderStore(join(work, 'damaged'));
  const hash = await putObject(store, bytesOf('some bytes'));
  truncateSync(join(work, 'damaged', 'objects', hash.slice(0, 2), hash), 4);
  await expect(getObject(store, hash)).rejects.toThrow(anError('checksum', { hash }));
  // Nothing half written is left beside what is kept.
  expect(readdirSync(join(work, 'damaged', 'objects', hash.slice(0, 2)))).toEqual([hash]);
});

describe('a store is refused in one line', () => {
  const env = () => s3Environment(server);
  const refused = (name: string, changes = {}) => openS3Store(name, { ...env(), ...changes });

  test('whose server keeps no conditions', async () => {
    const careless = await startS3({ metadata: false });
    await expect(openS3Store('s3://bucket/x', s3Environment(careless))).rejects.toThrow(
      /^store s3:\/\/bucket\/x: the server does not keep If-None-Match, so two could write one name; use a server that does, or a shared folder$/,
    );
  });

  test('whose server is away', async () => {
    const changes = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    await expect(refused('s3://bucket/x', changes)).rejects.toThrow(
      /^store s3:\/\/bucket\/x: http:\/\/127.0.0.1:9 does not answer \(.+\); check AWS_ENDPOINT_URL/,
    );
  });

  test('that is no bucket, is not there, or whose keys are missing or wrong', async () => {
    await expect(refused('s3://bucke/x')).rejects.toThrow(/: there is no such bucket; make it/);
    await expect(refused('s3://')).rejects.toThrow(/: is no bucket; give s3:\/\/bucket\/prefix$/);
    await expect(refused('s3://bucket', { AWS_ACCESS_KEY_ID: '' })).rejects.toThrow(
      /: no keys; set/,
    );
    await expect(refused('s3://bucket', { AWS_SECRET_ACCESS_KEY: 'no' })).rejects.toThrow(
      /: AWS_SECRET_ACCESS_KEY is wrong; check the keys$/,
    );
    await expect(refused('s3://bucket', { AWS_ACCESS_KEY_ID: 'who' })).rejects.toThrow(
      /: the server does not know AWS_ACCESS_KEY_ID; check the keys$/,
    );
    await expect(openStore('ftp://x/y')).rejects.toThrow(/: ftp is no store; give s3:\/\//);
    await expect(openStore('/proc/nothing')).rejects.toThrow(anError('disk', {}));
  });
});
