import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { decodeSafeTensors, encodeSafeTensors } from './safetensors.ts';

const sample = () =>
  encodeSafeTensors({
    tensors: {
      'a.weight': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      b: { shape: [], data: Float32Array.of(-0.5) },
    },
    metadata: { note: 'ν' },
  });

test('round trip of any finite arrays', () => {
  const array = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 9 });
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), array), (record) => {
      const tensors = Object.fromEntries(
        Object.entries(record)
          .filter(([name]) => name !== '__metadata__')
          .map(([name, values]) => [
            name,
            { shape: [values.length], data: Float32Array.from(values) },
          ]),
      );
      const back = decodeSafeTensors(encodeSafeTensors({ tensors, metadata: {} }), 'x');
      expect(back.tensors).toEqual(tensors);
    }),
  );
});

test('the layout is the published one', () => {
  // https://github.com/huggingface/safetensors: u64 little-endian header size, JSON, then the data.
  const bytes = sample();
  const view = new DataView(bytes.buffer);
  const length = Number(view.getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(header).toEqual({
    __metadata__: { note: 'ν' },
    'a.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: 'F32', shape: [], data_offsets: [24, 28] },
  });
  expect(view.getFloat32(8 + length + 20, true)).toBe(6);
  expect(bytes.length).toBe(8 + length + 28);
});

test('half precision is half the data, and what it cannot hold is named', () => {
  const data = Float32Array.of(0.5, -2, 65504, 1 + 2 ** -12);
  const tensors = { w: { shape: [4], data } };
  const bytes = encodeSafeTensors({ tensors, metadata: {} }, { half: true });
  expect(new TextDecoder().decode(bytes)).toContain(
    '"dtype":"F16","shape":[4],"data_offsets":[0,8]',
  );
  expect([...decodeSafeTensors(bytes, 'f').tensors.w!.data]).toEqual([0.5, -2, 65504, 1]);
  data[2] = -1e6;
  expect(() => encodeSafeTensors({ tensors, metadata: {} }, { half: true })).toThrow(
    expect.objectContaining({ facts: { name: 'w', value: -1e6 } }),
  );
});

test('bfloat16 is the upper half of float32; other types are named', () => {
  const file = (dtype: string) => {
    const json = JSON.stringify({ w: { dtype, shape: [2], data_offsets: [0, 4] } });
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    // 1 and −3 in bfloat16: 0x3f80, 0xc040.
    return Buffer.concat([size, Buffer.from(json), Buffer.from([0x80, 0x3f, 0x40, 0xc0])]);
  };
  expect([...decodeSafeTensors(file('BF16'), 'f').tensors.w!.data]).toEqual([1, -3]);
  expect(() => decodeSafeTensors(file('I5'), 'f')).toThrow(
    'f: "w" is I5; save it as F32, F16 or BF16',
  );
  expect(decodeSafeTensors(file('I16'), 'f')).toEqual({
    tensors: {},
    metadata: {},
    others: { w: 'I16' },
  });
});

/** A file of a header and as many bytes of zeros. */
function withHeader(json: string, length: number): Uint8Array {
  const bytes = new Uint8Array(8 + json.length + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(new TextEncoder().encode(json), 8);
  return bytes;
}

const entry = (from: number, to: number) =>
  `{"dtype":"F32","shape":[${(to - from) / 4}],"data_offsets":[${from},${to}]}`;

test.each([
  ['overlap', `{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12],
  ['one place twice', `{"a":${entry(0, 8)},"b":${entry(0, 8)}}`, 8],
  ['a hole', `{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12],
  ['bytes after the last', `{"a":${entry(0, 4)}}`, 8],
  ['bytes before the first', `{"a":${entry(4, 8)}}`, 8],
  ['a name twice', `{"a":${entry(0, 4)},"a":${entry(4, 8)}}`, 8],
  ['nested lists', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`, 0],
])('%s is refused', (_, json, length) => {
  expect(() => decodeSafeTensors(withHeader(json, length), 'f')).toThrow(
    expect.objectContaining({ code: 'unreadable' }),
  );
});

test('empty arrays may stand anywhere between others; names of objects are names', () => {
  const json = `{"constructor":${entry(4, 4)},"__proto__":${entry(0, 4)},"toString":${entry(4, 8)}}`;
  const { tensors } = decodeSafeTensors(withHeader(json, 8), 'f');
  expect(Object.keys(tensors)).toEqual(['constructor', '__proto__', 'toString']);
  expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype);
});

test('a file cut anywhere is one clear error', () => {
  const bytes = sample();
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeSafeTensors(bytes.subarray(0, length), 'run/step.safetensors')).toThrow(
      /^run\/step\.safetensors: .*(cut short|header)/,
    );
  }
});

test('damaged contents are named', () => {
  const nan = encodeSafeTensors({
    tensors: { w: { shape: [2], data: Float32Array.of(1, Number.NaN) } },
    metadata: {},
  });
  expect(() => decodeSafeTensors(nan, 'f')).toThrow('f: "w" has NaN at element 1');
  const text = new TextDecoder('latin1').decode(sample());
  const half = Uint8Array.from(text.replaceAll('F32', 'F16'), (c) => c.charCodeAt(0));
  expect(() => decodeSafeTensors(half, 'f')).toThrow(UserError);
});

test.each([
  'null',
  '[]',
  '{"w":1}',
  '{"w":{"dtype":"F32","shape":[1]}}',
  '{"__metadata__":{"a":1}}',
])('a header of %s is refused in one line', (json) => {
  const bytes = new Uint8Array(8 + json.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(new TextEncoder().encode(json), 8);
  expect(() => decodeSafeTensors(bytes, 'f')).toThrow(/^f: the header is not safetensors JSON/);
});

test('reads from a view into a larger buffer, such as Node gives', () => {
  const bytes = sample();
  const shifted = Buffer.concat([Buffer.from([1, 2, 3]), bytes]).subarray(3);
  expect(decodeSafeTensors(shifted, 'f')).toEqual(decodeSafeTensors(bytes, 'f'));
});
