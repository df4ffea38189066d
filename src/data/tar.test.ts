import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { tar } from './fixtures/tar.ts';
import { readTar } from './tar.ts';

const bytes = tar({ 'folder/a.bin': Buffer.from('hello'), 'b.bin': Buffer.alloc(1024, 7) });

test('gives each file with its name', () => {
  const files = readTar(bytes, 'a.tar');
  expect(files.map(({ name, data }) => [name, data.length])).toEqual([
    ['folder/a.bin', 5],
    ['b.bin', 1024],
  ]);
  expect(Buffer.from(files[0]?.data as Uint8Array).toString()).toBe('hello');
});

test('reads what GNU tar writes', () => {
  // printf hi > a; tar --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - a | gzip
  // -9n
  const packed =
    'H4sIAAAAAAACA+3Puw2AMAwFwIzCCBFEME86aPnsT6CKqAEp0l3zLDf2y+F7sRhTurN4ZtFX87WfhhRDF3/4LRzbntdy8o2SdblGzEsAAAAAAAAAAACgQSeqz82dACgAAA==';
  const [file, ...others] = readTar(gunzipSync(Buffer.from(packed, 'base64')), 'a.tar');
  expect(others).toEqual([]);
  expect([file?.name, Buffer.from(file?.data ?? []).toString()]).toEqual(['a', 'hi']);
});

test('a folder is no file', () => {
  // Without its end mark, two zero blocks, an archive can be joined to another.
  const folder = tar({ 'folder/': Buffer.alloc(0) }, '5').subarray(0, 512);
  const names = readTar(Buffer.concat([folder, bytes]), 'a.tar').map(({ name }) => name);
  expect(names).toEqual(['folder/a.bin', 'b.bin']);
});

test.each([
  [
    'cut in a file',
    bytes.subarray(0, 514),
    /a\.tar: the TAR archive is cut short inside folder\/a\.bin/,
  ],
  ['cut between', bytes.subarray(0, 1024), /cut short at byte 1024/],
  ['no TAR', Buffer.alloc(1024, 1), /TAR header at byte 0 is corrupt or not TAR/],
])('%s is one clear error', (_, archive, message) => {
  expect(() => readTar(archive, 'a.tar')).toThrow(UserError);
  expect(() => readTar(archive, 'a.tar')).toThrow(message);
});
