import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { readPickle } from './pickle.ts';

const first5 = readFileSync(new URL('./fixtures/cifar10-first5.pickle', import.meta.url));

function read(base64: string) {
  return readPickle(Buffer.from(base64, 'base64'), 'a.pkl');
}

test('reads what Python 2 wrote, strings as bytes', () => {
  const batch = readPickle(first5, 'a.pkl') as Map<string, unknown>;
  expect([...batch.keys()]).toEqual(['batch_label', 'labels', 'data', 'filenames']);
  expect(batch.get('labels')).toEqual([6, 9, 9, 4, 1]);
  expect(batch.get('data')).toMatchObject({ shape: [5, 3072], columnMajor: false });
  expect(`${batch.get('batch_label')}`).toBe('training batch 1 of 5');
});

// Written by Python 3.11 with NumPy 2.4; a = numpy.array([[1, 2, 3], [200, 0, 255]], numpy.uint8).
const written = {
  // pickle.dumps({'data': a, 'labels': [1, -2, 300, True, None]}, 2)
  protocol2:
    'gAJ9cQAoWAQAAABkYXRhcQFjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQJjbnVtcHkKbmRhcnJheQpxA0sAhXEEY19jb2RlY3MKZW5jb2RlCnEFWAEAAABicQZYBgAAAGxhdGluMXEHhnEIUnEJh3EKUnELKEsBSwJLA4ZxDGNudW1weQpkdHlwZQpxDVgCAAAAdTFxDomIh3EPUnEQKEsDWAEAAAB8cRFOTk5K/////0r/////SwB0cRJiiWgFWAgAAAABAgPDiADDv3ETaAeGcRRScRV0cRZiWAYAAABsYWJlbHNxF11xGChLAUr+////TSwBiE5ldS4=',
  // pickle.dumps({b'data': numpy.asfortranarray(a)}, 3)
  protocol3:
    'gAN9cQBDBGRhdGFxAWNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAmNudW1weQpuZGFycmF5CnEDSwCFcQRDAWJxBYdxBlJxByhLAUsCSwOGcQhjbnVtcHkKZHR5cGUKcQlYAgAAAHUxcQqJiIdxC1JxDChLA1gBAAAAfHENTk5OSv////9K/////0sAdHEOYohDBgHIAgAD/3EPdHEQYnMu',
  // pickle.dumps({'data': a, b'labels': [1, -2, 300, True, None]}, 4), and 5
  protocol4:
    'gASVtQAAAAAAAAB9lCiMBGRhdGGUjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29uc3RydWN0lJOUjAVudW1weZSMB25kYXJyYXmUk5RLAIWUQwFilIeUUpQoSwFLAksDhpRoBYwFZHR5cGWUk5SMAnUxlImIh5RSlChLA4wBfJROTk5K/////0r/////SwB0lGKJQwYBAgPIAP+UdJRiQwZsYWJlbHOUXZQoSwFK/v///00sAYhOZXUu',
  protocol5:
    'gAWVoAAAAAAAAAB9lCiMBGRhdGGUjBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolgYAAAAAAAAAAQIDyAD/lIwFbnVtcHmUjAVkdHlwZZSTlIwCdTGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYksCSwOGlIwBQ5R0lFKUQwZsYWJlbHOUXZQoSwFK/v///00sAYhOZXUu',
  // pickle.dumps({'data': numpy.asfortranarray(a)}, 5), and with a.flags.writeable = False
  protocol5Columns:
    'gAWVhgAAAAAAAAB9lIwEZGF0YZSME251bXB5Ll9jb3JlLm51bWVyaWOUjAtfZnJvbWJ1ZmZlcpSTlCiWBgAAAAAAAAAByAIAA/+UjAVudW1weZSMBWR0eXBllJOUjAJ1MZSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0sAdJRiSwJLA4aUjAFGlHSUUpRzLg==',
  protocol5Fixed:
    'gAWVfwAAAAAAAAB9lIwEZGF0YZSME251bXB5Ll9jb3JlLm51bWVyaWOUjAtfZnJvbWJ1ZmZlcpSTlChDBgECA8gA/5SMBW51bXB5lIwFZHR5cGWUk5SMAnUxlImIh5RSlChLA4wBfJROTk5K/////0r/////SwB0lGJLAksDhpSMAUOUdJRSlHMu',
  // os.system('echo executed'), as an object's __reduce__ asks for it.
  system: 'gAJjcG9zaXgKc3lzdGVtCnEAWA0AAABlY2hvIGV4ZWN1dGVkcQGFcQJScQMu',
  // numpy.arange(3)
  integers:
    'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwOFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAGk4cQyJiIdxDVJxDihLA1gBAAAAPHEPTk5OSv////9K/////0sAdHEQYoloA1gYAAAAAAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAcRFoBYZxElJxE3RxFGIu',
  // An instance of a class P.
  instance: 'gAJjX19tYWluX18KUApxACmBcQEu',
  // -2 ** 35 and 10 ** 30
  long: 'gAKKBQAAAAD4Lg==',
  tooLong: 'gAKKDQAAAEDq7XRG0Jwsnwwu',
} as const;

test('reads what Python 3 writes at protocols 2 and 3', () => {
  const rows = Buffer.of(1, 2, 3, 200, 0, 255);
  expect(read(written.protocol2)).toEqual(
    new Map<string, unknown>([
      ['data', { kind: 'array', shape: [2, 3], columnMajor: false, data: rows }],
      ['labels', [1, -2, 300, true, null]],
    ]),
  );
  const columns = Buffer.of(1, 200, 2, 0, 3, 255);
  expect(read(written.protocol3)).toEqual(
    new Map([['data', { kind: 'array', shape: [2, 3], columnMajor: true, data: columns }]]),
  );
  expect(read(written.long)).toBe(-(2 ** 35));
});

test('reads what Python 3 writes at protocols 4 and 5', () => {
  const data = { kind: 'array', shape: [2, 3], columnMajor: false };
  const rows = { ...data, data: Buffer.of(1, 2, 3, 200, 0, 255) };
  const labels = [1, -2, 300, true, null];
  for (const base64 of [written.protocol4, written.protocol5]) {
    expect(read(base64)).toEqual(
      new Map<string, unknown>([
        ['data', rows],
        ['labels', labels],
      ]),
    );
  }
  const columns = { ...data, columnMajor: true, data: Buffer.of(1, 200, 2, 0, 3, 255) };
  expect(read(written.protocol5Columns)).toEqual(new Map([['data', columns]]));
  expect(read(written.protocol5Fixed)).toEqual(new Map([['data', rows]]));
  expect(read('gAJHP/gAAAAAAAAu')).toBe(1.5);
});

test('a text that is encoded again and again takes the memory of one', () => {
  // BINUNICODE of 1 MB kept as 0, 'latin1' kept as 1, encode as 2; then 300 calls with them.
  const long = Buffer.alloc(1 << 20, 'a');
  const size = Buffer.alloc(4);
  size.writeUInt32LE(long.length);
  const head = Buffer.from('\x80\x02(X', 'latin1');
  const names = Buffer.from('q\x00X\x06\0\0\0latin1q\x01c_codecs\nencode\nq\x02', 'latin1');
  const call = Buffer.from('h\x02h\x00h\x01\x86R', 'latin1');
  const calls = Array.from({ length: 300 }, () => call);
  const bytes = Buffer.concat([head, size, long, names, ...calls, Buffer.from('t.')]);
  const made = (readPickle(bytes, 'a.pkl') as unknown[]).slice(3) as Uint8Array[];
  expect(made).toHaveLength(300);
  expect(new Set(made.map(({ buffer }) => buffer)).size).toBe(1);
});

test.each([
  ['a command', written.system, /a call of posix\.system, which CIFAR's Python version does not/],
  ['an instance', written.instance, /opcode 0x81 at byte 17/],
  ['another array', written.integers, /an array of type i8/],
  ['a long number', written.tooLong, /a number of 13 bytes/],
  ['protocol 6', 'gAaVkQ==', /protocol 6/],
  ['a set', 'gASPLg==', /opcode 0x8f at byte 2/],
  ['protocol 0', Buffer.from('(dp0\n.').toString('base64'), /is no pickle of protocol 2/],
])('%s is refused, and nothing is executed', (_, base64, message) => {
  expect(() => read(base64)).toThrow(UserError);
  expect(() => read(base64)).toThrow(message);
});

test('a file cut anywhere is one clear error', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: first5.length - 1 }), (length) => {
      const cut = () => readPickle(first5.subarray(0, length), 'a.pkl');
      expect(cut).toThrow(UserError);
      expect(cut).toThrow(/^a\.pkl: (the pickle is cut short at byte \d+|is no pickle)[^\n]*$/);
    }),
  );
});

test('a damaged file is read or is one clear error', () => {
  // The bytes before the pixels and those after them decide how the file is read.
  const place = fc.oneof(
    fc.integer({ min: 0, max: 220 }),
    fc.integer({ min: first5.length - 100, max: first5.length - 1 }),
  );
  fc.assert(
    fc.property(place, fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const damaged = Buffer.from(first5);
      damaged[at] = byte;
      try {
        readPickle(damaged, 'a.pkl');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^a\.pkl: [^\n]*$/);
      }
    }),
    { numRuns: 2000 },
  );
});
