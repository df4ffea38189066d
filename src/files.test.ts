import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from './errors.ts';
import { checkFolder, gunzipIfNeeded, makeFolder, unpackedLimit } from './files.ts';
import { listed, oneLine, quoted } from './quoted.ts';

test('gzip may unpack to 64 MiB, or to 200 times its size', () => {
  expect([unpackedLimit(0), unpackedLimit(2 ** 20)]).toEqual([2 ** 26, 200 * 2 ** 20]);
  expect(gunzipIfNeeded(gzipSync(Buffer.alloc(2 ** 20)), 'f').length).toBe(2 ** 20);
  expect(() => gunzipIfNeeded(gzipSync(Buffer.alloc(2 ** 26 + 1)), 'f')).toThrow(
    expect.objectContaining({ code: 'unsupported', facts: { path: 'f', limit: 2 ** 26 } }),
  );
});

test('what a file says goes into an error as one line without control characters', () => {
  const wild = 'a\r\nb\u2028c\u001b[2Jd\u202ee\ud800';
  expect(oneLine(wild)).toBe('a b c?[2Jd?e\ufffd');
  expect(quoted('x'.repeat(200))).toHaveLength(82);
  expect(listed(['a\n', 'b', 'c'], 2)).toBe('a , b and 1 more');
  const { message } = new UserError(`${wild}: ${'y'.repeat(10_000)}`);
  expect(message).toMatch(/^a b c\?\[2Jd/);
  expect(message.length).toBeLessThanOrEqual(4000);
});

test('folders that many make at once, with those above them, are there', async () => {
  const root = mkdtempSync(join(tmpdir(), 'mdensity-files-'));
  const paths = Array.from({ length: 20 }, (_, i) => join(root, 'a', 'b', String(i % 4), 'c'));
  await Promise.all(paths.map(makeFolder));
  expect(paths.every(existsSync)).toBe(true);
  rmSync(root, { recursive: true });
});

test('a folder that two look at at once is left as it was, made or not', async () => {
  const root = mkdtempSync(join(tmpdir(), 'mdensity-files-'));
  const folder = join(root, 'a', 'b');
  const both = () => Promise.all([checkFolder(folder), checkFolder(folder)]);
  await both();
  expect(readdirSync(root)).toEqual([]);
  await makeFolder(folder);
  await both();
  expect(existsSync(folder)).toBe(true);
  rmSync(root, { recursive: true });
});
