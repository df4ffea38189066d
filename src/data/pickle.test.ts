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
  // os.system('echo executed'), as an object's __reduce__ asks for it.
  system: 'gAJjcG9zaXgKc3lzdGVtCnEAWA0AAABlY2hvIGV4ZWN1dGVkcQGFcQJScQMu',
  // numpy.arange(3)
  integers:
    'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwOFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAGk4cQyJiIdxDVJxDihLA1gBAAAAPHEPTk5OSv////9K/////0sAdHEQYoloA1gYAAAAAAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAcRFoBYZxElJxE3RxFGIu',
  // An instance of a class P.
  instance: 'gAJjX19tYWluX18KUApxACmBcQEu',
  float: 'gAJHP/gAAAAAAAAu',
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

test.each([
  [
    'a command',
    written.system,
    /a call of posix\.system, which CIFAR-10's Python version does not/,
  ],
  ['an instance', written.instance, /opcode 0x81 at byte 17/],
  ['another array', written.integers, /an array of type i8/],
  ['a float', written.float, /opcode 0x47 at byte 2/],
  ['a long number', written.tooLong, /a number of 13 bytes/],
  ['protocol 4', 'gASVkQ==', /protocol 4/],
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
