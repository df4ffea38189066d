import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { decodeNpz, encodeNpz, readNpz, writeNpz } from './npz.ts';

const folder = temporaryFolder();
const numpy = readFileSync(new URL('../fixtures/numpy.npz', import.meta.url));

test.each([
  ['float32', 'f4', [2, 3], Float32Array.of(1.5, -2.25, 3e8, 0, -0, 1 / 3)],
  ['float64', 'f8', [2], Float64Array.of(Math.PI, -1e300)],
  ['big', 'i4', [2, 2], Int32Array.of(1, 256, -7, 2 ** 30)],
  ['bigfloat', 'f8', [2], Float64Array.of(0.5, -3)],
  ['bytes', 'u1', [1, 2, 3], Uint8Array.of(0, 1, 2, 3, 4, 5)],
  ['long', 'i8', [2], BigInt64Array.of(-(2n ** 53n) - 1n, 7n)],
  ['flags', 'b1', [3], Uint8Array.of(1, 0, 1)],
  ['scalar', 'f4', [], Float32Array.of(2.5)],
  ['empty', 'f4', [0, 3], Float32Array.of()],
  ['fortran', 'f4', [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)],
  ['half', 'f2', [2], Float32Array.of(0, 0)],
] as const)('reads %s as NumPy wrote it', (key, dtype, shape, data) => {
  expect(decodeNpz(numpy, 'numpy.npz').array(key)).toEqual({ dtype, shape, data });
});

test.each([
  ['text', /numpy\.npz \(text\): descr \(type\) is "<U2"/],
  ['absent', /numpy\.npz: has no array "absent"; it has float32, float64, big,/],
])('refuses %s when it is asked for', (key, message) => {
  const { array } = decodeNpz(numpy, 'numpy.npz');
  expect(() => array(key)).toThrow(UserError);
  expect(() => array(key)).toThrow(message);
});

test('reads back what it writes, the same bytes each time', () => {
  const entry = fc
    .float32Array({ maxLength: 20 })
    .map((data) => ({ data: data as Float32Array<ArrayBuffer>, shape: [data.length] }));
  const keys = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(fc.dictionary(keys, entry, { minKeys: 1, maxKeys: 4 }), (entries) => {
      const bytes = encodeNpz(entries);
      const npz = decodeNpz(bytes, 'a.npz');
      expect([...npz.keys].sort()).toEqual(Object.keys(entries).sort());
      for (const key of npz.keys) expect(npz.array(key).data).toEqual(entries[key]?.data);
      expect(Buffer.from(encodeNpz(entries)).equals(bytes)).toBe(true);
    }),
  );
});

test('a changed or cut file is one clear error', () => {
  const bytes = encodeNpz({ x: { data: new Uint8Array(200).map((_, i) => i * 7), shape: [200] } });
  for (let at = 0; at < bytes.length - 60; at++) {
    const changed = bytes.slice();
    // Bytes past the member's name and before the directory: the member's compressed values.
    if (at > 60) changed[at] = (changed[at] as number) ^ 0x10;
    if (at > 60 && at < bytes.length - 120) {
      expect(() => decodeNpz(changed, 'a.npz').array('x')).toThrow(/^a\.npz[^\n]*again\.$/);
    }
    expect(() => decodeNpz(bytes.subarray(0, at), 'a.npz')).toThrow(UserError);
  }
});

test('files are written and read', async () => {
  await writeNpz(`${folder}/a.npz`, { x: { data: Int32Array.of(4, 5), shape: [2] } });
  const npz = await readNpz(`${folder}/a.npz`);
  expect(npz.array('x').data).toEqual(Int32Array.of(4, 5));
});
