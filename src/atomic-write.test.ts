import {
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type FileSystem, writeAtomically } from './atomic-write.ts';
import { writeBytes } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdensity-write-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const disk: FileSystem = { open, realpath, rename, rm, stat };
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 7);

/**
 * The disk, where a call of `write` takes what `take` says and may fail; what happened is noted in
 * `log`.
 */
function failing(
  take: (length: number, written: number) => number,
  log: string[] = [],
): FileSystem {
  return {
    ...disk,
    open: async (path, flags, mode) => {
      const file = await open(path, flags, mode);
      const isFolder = flags === 'r';
      let written = 0;
      const write = async (data: Uint8Array, offset: number, length: number) => {
        const count = take(length, written);
        if (count < 0) throw Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC' });
        written += count;
        log.push(`write ${count}`);
        return file.write(data, offset, count, null);
      };
      const sync = async () => {
        log.push(isFolder ? 'sync folder' : 'sync');
        await file.sync();
      };
      return new Proxy(file, {
        get: (target, key) => {
          if (key === 'write') return write;
          if (key === 'sync') return sync;
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }) as FileHandle;
    },
    rename: async (from, to) => {
      log.push('rename');
      await rename(from, to);
    },
  };
}

test('a disk that takes half of each write gets the whole file', async () => {
  const path = join(folder, 'halves');
  const log: string[] = [];
  await writeAtomically(
    path,
    bytes,
    failing((length) => Math.ceil(length / 2), log),
  );
  expect(readFileSync(path).equals(bytes)).toBe(true);
  // Data are synced before the name, and the name after.
  expect(log.slice(-4)).toEqual(['write 1', 'sync', 'rename', 'sync folder']);
});

test.each([
  ['takes half a write and no more', (_: number, written: number) => (written > 0 ? 0 : 500)],
  ['takes half a write and says that it is full', (_: number, n: number) => (n > 0 ? -1 : 500)],
])('a disk that %s leaves the old file', async (_, take) => {
  const path = join(folder, 'full', 'file');
  await writeBytes(path, Uint8Array.of(1, 2, 3));
  await expect(writeBytes(path, bytes, failing(take))).rejects.toMatchObject({
    code: 'disk',
    facts: { path, system: 'ENOSPC' },
  });
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  expect(readdirSync(join(folder, 'full'))).toEqual(['file']);
});

test('a disk that loses what it took is found out', async () => {
  const path = join(folder, 'lost');
  const lying: FileSystem = {
    ...disk,
    open: async (name, flags, mode) => {
      const file = await open(name, flags, mode);
      const write = async (_: Uint8Array, __: number, length: number) => ({ bytesWritten: length });
      return new Proxy(file, {
        get: (target, key) => {
          if (key === 'write') return write;
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }) as FileHandle;
    },
  };
  await expect(writeBytes(path, bytes, lying)).rejects.toMatchObject({ code: 'disk' });
  expect(readdirSync(folder)).not.toContain('lost');
});

test('links are followed; rights stay; other names of a file keep the old contents', async () => {
  const [file, link, other] = ['file', 'link', 'other'].map((name) => join(folder, name));
  writeFileSync(file!, 'old', { mode: 0o640 });
  symlinkSync(file!, link!);
  linkSync(file!, other!);
  await writeBytes(link!, bytes);
  expect(lstatSync(link!).isSymbolicLink()).toBe(true);
  expect(readFileSync(file!).equals(bytes)).toBe(true);
  expect(statSync(file!).mode & 0o777).toBe(0o640);
  expect(readFileSync(other!, 'utf8')).toBe('old');
});

test('a folder in the place of the file is one error, a device is written as it is', async () => {
  await expect(writeBytes(folder, bytes)).rejects.toMatchObject({ facts: { system: 'EISDIR' } });
  if (process.platform === 'win32') return;
  await writeBytes('/dev/null', bytes);
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});
