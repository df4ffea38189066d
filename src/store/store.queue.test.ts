/** The two kinds of store do the same; the S3 server is a real one. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Environment, startS3, type TestServer } from '../queue/testing.ts';
import { anError } from '../testing-errors.ts';
import { openFolderStore } from './folder.ts';
import { decodeJson, encodeJson, fileOf, getObject, putFile, putObject } from './objects.ts';
import { openStore } from './open.ts';
import { openS3Store } from './s3.ts';
import type { Store } from './store.ts';
import { keepYoung, sweepStore } from './sweep.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-store-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
let server: TestServer;
beforeAll(async () => {
  server = await startS3();
});

const HOUR = 3_600_000;
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe.each([
  ['a folder', () => openFolderStore(join(work, 'folder')), () => join(work, 'folder')],
  [
    'a bucket',
    () => openS3Store('s3://bucket/lab', s3Environment(server)),
    () => join(server.folder, 'data', 'bucket', 'lab'),
  ],
] as const)('%s', (_, open, place) => {
  let store: Store;
  /** Makes what has this name so many hours old. */
  const age = (key: string, hours: number) => {
    const then = new Date(Date.now() - hours * HOUR);
    utimesSync(join(place(), key), then, then);
  };
  const hoursOf = async (key: string) =>
    (Date.now() - (await store.modified(key))!.getTime()) / HOUR;
  const keysBelow = async (folder: string) => {
    const keys: string[] = [];
    for await (const { key } of store.list(folder)) keys.push(key);
    return keys.sort();
  };
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

  test('lists what is below a folder, and says and renews how old it is', async () => {
    for (const key of ['list/b/2', 'list/a', 'list/b/1', 'lists/no']) {
      await store.create(key, bytesOf(key));
    }
    expect(await keysBelow('list')).toEqual(['list/a', 'list/b/1', 'list/b/2']);
    expect(await keysBelow('nothing')).toEqual([]);
    age('list/a', 5);
    expect(await hoursOf('list/a')).toBeGreaterThan(4.9);
    expect(await store.touch('list/a')).toBe(true);
    expect(await hoursOf('list/a')).toBeLessThan(4);
    expect(textOf(await store.read('list/a'))).toBe('list/a');
    expect(await store.touch('list/missing')).toBe(false);
    expect(await store.modified('list/missing')).toBeUndefined();
  });

  test('lets go of what is old, but of nothing that is young, renewed, or a run’s', async () => {
    const keys = {
      old: ['results/aa/old', 'parts/aa/old/0-2', 'objects/aa/old'],
      kept: ['results/aa/young', 'objects/aa/young', 'runs/one/objects/aa/old', 'results/aa/again'],
    };
    for (const key of [...keys.old, ...keys.kept, 'objects/aa/named']) {
      await store.create(key, bytesOf(key));
    }
    for (const key of [...keys.old, 'runs/one/objects/aa/old', 'results/aa/again', 'identity']) {
      if (key === 'identity') await store.create(key, bytesOf('x'));
      age(key, 30);
    }
    await store.touch('results/aa/again');
    // Results that are kept may name what is a little older than they are.
    age('objects/aa/named', 24.5);
    const again = bytesOf('put again');
    const hash = await putObject(store, again);
    age(`objects/${hash.slice(0, 2)}/${hash}`, 30);
    await putObject(store, again);

    expect(await sweepStore(store, { keep: 24 * HOUR })).toEqual({ results: 2, objects: 1 });
    for (const key of keys.old) expect(await store.read(key), key).toBeUndefined();
    for (const key of [...keys.kept, 'objects/aa/named', 'identity']) {
      expect(await store.read(key), key).toBeDefined();
    }
    expect(textOf(await getObject(store, hash))).toBe('put again');
    expect(await keysBelow('clock')).toEqual([]);
    expect(await sweepStore(store, { keep: 24 * HOUR })).toEqual({ results: 0, objects: 0 });
  });

  test('keeps what a process has put there for as long as it runs', async () => {
    let lost = 0;
    const young = keepYoung(store, () => lost++, 20);
    const hash = await putObject(young.store, bytesOf('needed for days'));
    const key = `objects/${hash.slice(0, 2)}/${hash}`;
    age(key, 48);
    while ((await hoursOf(key)) > 1) await sleep(10);
    await sweepStore(store, { keep: 24 * HOUR });
    expect(await store.read(key)).toBeDefined();
    // What somebody removes nevertheless is told of.
    await store.remove(key);
    while (lost === 0) await sleep(10);
    young.stop();
    expect(lost).toBe(1);
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
