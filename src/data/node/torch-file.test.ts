/** Files written by PyTorch 2.15, in both of its formats: `bench/peers/inception_fixtures.py`. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { decodeTorchFile, readTorchFile } from './torch-file.ts';
import { openZip } from './zip.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/torch-${name}.pth`, import.meta.url));
const [zipped, legacy] = [fixture('zip'), fixture('legacy')];
const formats = [
  ['ZIP', zipped],
  ['legacy', legacy],
] as const;

const floats = (...values: number[]) => Float32Array.from(values);

/** What the script puts into both. */
const written = {
  running_mean: { shape: [1], data: floats(0) },
  running_var: { shape: [1], data: floats(1) },
  num_batches_tracked: { shape: [], data: BigInt64Array.of(0n) },
  base: { shape: [12], data: Float32Array.from({ length: 12 }, (_, i) => i / 4) },
  view: { shape: [2, 3], data: floats(0.75, 1, 1.25, 1.5, 1.75, 2) },
  turned: { shape: [3, 2], data: floats(0, 3, 1, 4, 2, 5) },
  repeated: { shape: [2, 3], data: floats(1.5, 1.5, 1.5, -2.5, -2.5, -2.5) },
  half: { shape: [4], data: floats(1, -0.5, 65504, 2 ** -24) },
  brain: { shape: [3], data: floats(1, -3.140625, 2 ** 100) },
  counts: { shape: [2, 2], data: BigInt64Array.of(1n, -2n, 2n ** 40n, 3n) },
  scalar: { shape: [], data: floats(0.125) },
  parameter: { shape: [2], data: floats(7, 8) },
};

test.each(formats)('reads the %s format: strides, shared storage, halves, int64', (_, bytes) => {
  const state = decodeTorchFile(bytes, 'a.pth');
  expect(Object.keys(state)).toEqual(Object.keys(written));
  expect(state).toEqual(written);
  // The bytes may begin anywhere in memory.
  const moved = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  expect(decodeTorchFile(moved, 'a.pth')).toEqual(written);
});

test('a ZIP64 end record that says too much is one error, and soon', () => {
  const record = zipped.indexOf('PK\x06\x06', undefined, 'latin1');
  expect(record).toBeGreaterThan(0);
  // Members on this disk and in all, size and place of the directory.
  for (const field of [24, 32, 40, 48]) {
    for (const byte of [0x7f, 0xff]) {
      const damaged = Buffer.from(zipped);
      damaged.fill(byte, record + field, record + field + 8);
      if (field === 24) expect(decodeTorchFile(damaged, 'a.pth')).toEqual(written);
      else expectUnreadable(() => decodeTorchFile(damaged, 'a.pth'));
    }
  }
});

function expectUnreadable(read: () => unknown): void {
  expect(read).toThrow(expect.objectContaining({ code: 'unreadable' }));
}

test('strides of zero cannot make more than the file is worth', () => {
  // 2^28 numbers out of one: (storage, offset 0, shape [2^28], strides [0]).
  const tensor =
    '}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x003X\x03\0\0\0cpuK\x0ctQK\x00J\0\0\0\x10\x85K\x00\x85tRs.';
  expect(() => decodeTorchFile(withPickle(tensor), 'a.pth')).toThrow(
    expect.objectContaining({ code: 'unsupported', facts: { items: 2 ** 28 } }),
  );
});

test('what uses one storage shares memory', () => {
  const { base, view } = decodeTorchFile(legacy, 'a.pth');
  expect(view!.data.buffer).toBe(base!.data.buffer);
});

describe('one line, and nothing is executed', () => {
  test.each([
    [
      'a module',
      fixture('module'),
      /has torch\.nn\.modules\.linear\.Linear, which a state_dict of/,
    ],
    ['a quantized tensor', fixture('quantized'), /has torch\._utils\._rebuild_qtensor, which/],
    ['a command', withPickle('cposix\nsystem\nX\x04\0\0\0echo\x85R.'), /has posix\.system, which/],
    ['a list', withPickle('].'), /holds no state_dict; save one in PyTorch/],
    [
      'a checkpoint of more',
      withPickle('}X\x05\0\0\0epochK\x05s.'),
      /"epoch" is no tensor, so this is no state_dict/,
    ],
    ['a call of a type', withPickle('ctorch\nFloatStorage\n)R.'), /a call of torch\.FloatStorage/],
    ['an unknown id', withPickle('X\x06\0\0\0module\x85Q.'), /has a module, which/],
    ['an empty file', Buffer.alloc(0), /is no file of torch\.save/],
    ['a web page', Buffer.from('<!doctype html>'), /did it come whole\?$/],
    ['another ZIP', Buffer.from(zipSync({ 'a/b.npy': Buffer.of(1) })), /is a ZIP but no file of/],
    ['TorchScript', changed((root) => ({ [`${root}code/a.py`]: Buffer.of(1) })), /TorchScript/],
    ['big-endian, ZIP', changed((root) => ({ [`${root}byteorder`]: Buffer.from('big') })), /big-e/],
    ['big-endian, legacy', bigEndian(), /was written by a big-endian machine; load and save it/],
    [
      'a storage that is too small',
      changed((root) => ({ [`${root}data/3`]: Buffer.alloc(8) })),
      /is corrupt: storage 3 is too small/,
    ],
    ['a flipped bit', flipped(), /member "torch-zip\/data\/3" is corrupt \(CRC-32\)/],
  ])('%s', (_, bytes, message) => {
    const read = () => decodeTorchFile(bytes, 'a.pth');
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^a\.pth: [^\n]*$/);
  });

  test('a file that is not there', async () => {
    await expect(readTorchFile('/nowhere/a.pth')).rejects.toThrow(/no such file/);
  });
});

test.each(formats)('a %s file cut anywhere is one clear error', (_, bytes) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
      const cut = () => decodeTorchFile(bytes.subarray(0, length), 'a.pth');
      expect(cut).toThrow(UserError);
      expect(cut).toThrow(/^a\.pth: [^\n]*$/);
    }),
  );
});

test.each(formats)('a damaged %s file is read or is one clear error', (_, bytes) => {
  const pickle = _ === 'ZIP' ? unzip(bytes)['torch-zip/data.pkl']! : bytes;
  const wrap = (damaged: Uint8Array) =>
    _ === 'ZIP' ? changed((root) => ({ [`${root}data.pkl`]: damaged })) : damaged;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: pickle.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      (at, byte) => {
        const damaged = Uint8Array.from(pickle);
        damaged[at] = byte;
        try {
          decodeTorchFile(wrap(damaged), 'a.pth');
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as Error).message).toMatch(/^a\.pth: [^\n]*$/);
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** The members of a ZIP. */
function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  const { names, read } = openZip(bytes, 'a');
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

/** The ZIP fixture with other members. */
function changed(members: (root: string) => Readonly<Record<string, Uint8Array>>): Uint8Array {
  return zipSync({ ...unzip(zipped), ...members('torch-zip/') }, { level: 0 });
}

/** The ZIP fixture with another pickle of protocol 2. */
function withPickle(opcodes: string): Uint8Array {
  return changed((root) => ({ [`${root}data.pkl`]: Buffer.from(`\x80\x02${opcodes}`, 'latin1') }));
}

/** NEWTRUE becomes NEWFALSE where the machine is described. */
function bigEndian(): Uint8Array {
  const bytes = Buffer.from(legacy);
  const at = bytes.indexOf('little_endian');
  bytes[bytes.indexOf(0x88, at)] = 0x89;
  return bytes;
}

function flipped(): Uint8Array {
  const bytes = Buffer.from(zipped);
  // 11/4, the last number of the base.
  const at = bytes.indexOf(Buffer.from(Float32Array.of(2.75).buffer));
  bytes[at] = bytes[at]! ^ 1;
  return bytes;
}
