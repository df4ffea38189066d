import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { decodeNpy } from '../npy-decode.ts';
import { encodeNpy, type WritableNpyData } from '../npy-encode.ts';
import { readNpy, writeNpy } from './npy.ts';

const folder = temporaryFolder();

const arrays = fc
  .record({
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    Type: fc.constantFrom(Float32Array, Float64Array, Uint8Array, Int32Array),
  })
  .chain(({ shape, Type }) => {
    const length = shape.reduce((a, b) => a * b, 1) * Type.BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ shape, data: new Type(bytes.slice().buffer) as WritableNpyData }));
  });

function bytesOf(data: ArrayBufferView): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

test('reads back what it writes, bit for bit', () => {
  fc.assert(
    fc.property(arrays, ({ shape, data }) => {
      const encoded = encodeNpy(data, shape);
      const read = decodeNpy(encoded, 'a.npy');
      expect(read.shape).toEqual(shape);
      expect(read.data.constructor).toBe(data.constructor);
      expect(bytesOf(read.data).equals(bytesOf(data))).toBe(true);
      // NumPy asks that the values begin at a multiple of 64 bytes.
      expect((encoded.length - data.byteLength) % 64).toBe(0);
    }),
  );
});

test('a file cut anywhere is one clear error', () => {
  fc.assert(
    fc.property(
      arrays,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      ({ shape, data }, share) => {
        const bytes = encodeNpy(data, shape);
        const cut = bytes.subarray(0, Math.floor(share * bytes.length));
        expect(() => decodeNpy(cut, 'cut.npy')).toThrow(UserError);
        expect(() => decodeNpy(cut, 'cut.npy')).toThrow(/^cut\.npy: [^\n]*$/);
      },
    ),
  );
});

// numpy.lib.format.write_array(file, numpy.array([1, 2, 3], '<i4'), version), NumPy 2.
const versions = ['AgB0AAAA', 'AwB0AAAA'].map(
  (version) =>
    `k05VTVBZ${version}eydkZXNjcic6ICc8aTQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAgAAAAMAAAA=`,
);

test.each(versions)('reads versions 2 and 3 as NumPy writes them', (base64) => {
  expect(decodeNpy(Buffer.from(base64, 'base64'), 'a.npy')).toEqual({
    dtype: 'i4',
    shape: [3],
    data: Int32Array.of(1, 2, 3),
  });
});

test('writes what NumPy writes, byte for byte', () => {
  // numpy.save of numpy.array([1, 2, 3], '<i4') differs from version 2 only in version and length
  // field.
  const version2 = Buffer.from(versions[0] as string, 'base64');
  const encoded = Buffer.from(encodeNpy(Int32Array.of(1, 2, 3), [3]));
  expect(encoded.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  expect(encoded.subarray(10, 60).equals(version2.subarray(12, 62))).toBe(true);
  expect(encoded.length).toBe(128 + 12);
});

function withHeader(header: string, values = 24): Buffer {
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header), Buffer.alloc(values)]);
}

const c = "'fortran_order': False";

test.each([
  ['magic', Buffer.from('not an array'), /magic number is not NPY's/],
  ['version', Buffer.from('\x93NUMPY\x07\x00aaaaaaaa', 'latin1'), /version is 7, 1 to 3 are known/],
  ['complex', withHeader(`{'descr': '<c8', ${c}, 'shape': (3,)}`), /descr \(type\) is "<c8"/],
  [
    'sizes',
    withHeader(`{'descr': '<f4', ${c}, 'shape': (${'9'.repeat(400)}, 0)}`),
    /makes no sense/,
  ],
  ['records', withHeader(`{'descr': [('a', '<f4')], ${c}, 'shape': (6,)}`), /a record or missing/],
  ['no shape', withHeader(`{'descr': '<f4', ${c}}`), /header has no shape/],
  [
    'cut short',
    withHeader(`{'descr': '<f4', ${c}, 'shape': (2, 4)}`),
    /\(2, 4\): cut short: 24 of 32 bytes/,
  ],
  [
    'too long',
    withHeader(`{'descr': '<f4', ${c}, 'shape': (5,)}`),
    /4 bytes too many after the array/,
  ],
])('%s names the file and the field', (_, bytes, message) => {
  expect(() => decodeNpy(bytes, 'a.npy')).toThrow(UserError);
  expect(() => decodeNpy(bytes, 'a.npy')).toThrow(message);
  expect(() => decodeNpy(bytes, 'a.npy')).toThrow(/^a\.npy: [^\n]*$/);
});

test('Fortran order is turned to C order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
      const count = shape.reduce((product, length) => product * length, 1);
      const dimensions = shape.map((length) => `${length},`).join('');
      const header = `{'descr': '|u1', 'fortran_order': True, 'shape': (${dimensions})}`;
      const bytes = withHeader(header, count);
      // Value (i, j, …) is its place in C order; it stands at i + j·n₀ + k·n₀·n₁ + ….
      for (let value = 0; value < count; value++) {
        let [rest, place] = [value, 0];
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          const stride = shape.slice(0, axis).reduce((product, length) => product * length, 1);
          place += (rest % shape[axis]!) * stride;
          rest = Math.floor(rest / shape[axis]!);
        }
        bytes[bytes.length - count + place] = value;
      }
      expect([...decodeNpy(bytes, 'a').data].map(Number)).toEqual([...Array(count).keys()]);
    }),
  );
});

test.each([
  ['<f2', Buffer.of(0, 0x3c, 0, 0xc0), [1, -2]],
  ['>u2', Buffer.of(1, 0, 255, 255), [256, 65535]],
  ['|i1', Buffer.of(255, 1), [-1, 1]],
  ['<i2', Buffer.of(254, 255), [-2]],
  ['<u4', Buffer.of(255, 255, 255, 255), [2 ** 32 - 1]],
  ['<u8', Buffer.of(1, 0, 0, 0, 0, 0, 0, 1), [2 ** 56 + 1]],
])('type %s', (descr, values, numbers) => {
  const header = `{'descr': '${descr}', ${c}, 'shape': (${numbers.length},)}`;
  const bytes = Buffer.concat([withHeader(header, 0), values]);
  expect([...decodeNpy(bytes, 'a').data].map(Number)).toEqual(numbers);
});

test("the caller's bytes stay as they are, whatever the byte order", () => {
  const file = withHeader(`{'descr': '>i4', ${c}, 'shape': (6,)}`);
  file[file.length - 1] = 5;
  const before = Buffer.from(file);
  const { data } = decodeNpy(file, 'a.npy');
  expect(data).toEqual(Int32Array.of(0, 0, 0, 0, 0, 5));
  data.fill(9 as never);
  expect(file.equals(before)).toBe(true);
});

test('files are written whole, into a folder that is made', async () => {
  const path = `${folder}/new/a.npy`;
  await writeNpy(path, Float32Array.of(1, 2), [1, 2]);
  expect(readFileSync(path).equals(encodeNpy(Float32Array.of(1, 2), [1, 2]))).toBe(true);
  expect((await readNpy(path)).shape).toEqual([1, 2]);
  await expect(writeNpy(`${path}/b.npy`, Float32Array.of(1), [1])).rejects.toThrow(UserError);
});

test('a shape that does not fit is a defect of the caller', () => {
  expect(() => encodeNpy(new Uint8Array(3), [2])).toThrow(/shape \[2\] does not hold 3 values/);
});
