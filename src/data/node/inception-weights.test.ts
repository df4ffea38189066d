import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { UserError } from '../../errors.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import {
  fetchInceptionWeights,
  hasInceptionWeights,
  inceptionWeights,
  inceptionWeightsPath,
  readInceptionWeights,
} from './inception-weights.ts';

const folder = temporaryFolder();
const small = fileURLToPath(new URL('../fixtures/torch-legacy.pth', import.meta.url));

const server = createServer((_, response) => response.end('another file'));
let url = '';
beforeAll(async () => {
  vi.stubEnv('MDENSITY_DATA', folder);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});

test('the published name carries the beginning of the checksum', () => {
  expect(inceptionWeights.name).toContain(`-${inceptionWeights.sha256.slice(0, 8)}.pth`);
  expect(inceptionWeights.url.endsWith(`/${inceptionWeights.name}`)).toBe(true);
});

test('another file at the address is refused', async () => {
  expect(await hasInceptionWeights()).toBe(false);
  await expect(fetchInceptionWeights({ url })).rejects.toThrow(
    /size is 12 bytes, 95628359 expected; the publisher has changed the file/,
  );
  expect(await hasInceptionWeights()).toBe(false);
});

test('a file of the right size alone is not trusted', async () => {
  const path = inceptionWeightsPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  truncateSync(path, inceptionWeights.bytes);
  expect(await hasInceptionWeights()).toBe(true);
  await expect(fetchInceptionWeights({ url })).rejects.toThrow(/size is 12 bytes/);
});

test('floats by name, counters left out', async () => {
  const sha256 = createHash('sha256').update(readFileSync(small)).digest('hex');
  const weights = await readInceptionWeights(small, { sha256 });
  expect(weights.base!.data[11]).toBe(2.75);
  expect(Object.hasOwn(weights, 'num_batches_tracked')).toBe(false);
  expect(await readInceptionWeights(small, { sha256: 'any' })).toEqual(weights);
});

test('another checksum is one line that says both and what to do', async () => {
  const reading = readInceptionWeights(small);
  await expect(reading).rejects.toThrow(UserError);
  await expect(reading).rejects.toThrow(
    new RegExp(
      `torch-legacy\\.pth: SHA-256 is \\w{64}, ${inceptionWeights.sha256} expected .*; delete it and fetch it again`,
    ),
  );
});
