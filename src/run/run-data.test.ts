import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { absolutePath, dataOfRun } from './run-data.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-data-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const recorded = (source: string, path?: string) =>
  dataOfRun({
    data: { source, ...(path && { path }), options: {}, name: 'x', count: 1, hash: 'x' },
  });

test('the data of a run are found from any folder, and by what was typed where they moved', () => {
  const file = join(work, 'points.npy');
  writeFileSync(file, '');
  const typed = relative(process.cwd(), file);
  expect(absolutePath(typed)).toBe(file);
  expect(recorded('points.npy', file)).toBe(file);
  expect(recorded('points.npy', join(work, 'gone.npy'))).toBe('points.npy');
});

test('a named set and a run of before paths were recorded have what was typed', () => {
  expect(absolutePath('digits8')).toBeUndefined();
  expect(absolutePath(join(work, 'nothing.npy'))).toBeUndefined();
  expect(recorded('digits8')).toBe('digits8');
});
