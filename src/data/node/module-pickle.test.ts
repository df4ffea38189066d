/** Pickles of NVlabs/edm's networks, written by that project's code: `bench/peers/edm_fixtures.py`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { decodeModulePickle, isModulePickle } from './module-pickle.ts';
import { decodeWeights } from './weights-file.ts';

const fixture = gunzipSync(
  readFileSync(new URL('../../model/pretrained/fixtures/edm-ddpmpp.pkl.gz', import.meta.url)),
);

const read = (bytes: Uint8Array) => decodeModulePickle(bytes, 'a.pkl');

test('reads classes, settings and tensors of modules by their paths', () => {
  const { modules, state, passedOver } = read(fixture);
  expect(modules['']).toMatchObject({ class: 'EDMPrecond', settings: { img_resolution: 8 } });
  expect(modules['model.enc']!.class).toBe('ModuleDict');
  const { settings } = modules['model.enc.8x8_block0']!;
  // A number of NumPy's, one of Python's, and a module that is not there.
  expect(settings).toMatchObject({ skip_scale: Math.sqrt(0.5), num_heads: 0, dropout: 0.13 });
  expect(modules['model.enc.4x4_block0.skip']!.settings.up).toBe(false);
  expect(modules['model.map_label']).toBeUndefined();
  expect(state['model.enc.8x8_conv.weight']!.shape).toEqual([8, 3, 3, 3]);
  const filter = state['model.enc.4x4_down.conv0.resample_filter'];
  expect(filter).toEqual({ shape: [1, 1, 2, 2], data: new Float32Array(4).fill(0.25) });
  expect(passedOver).toEqual(['loss_fn', 'augment_pipe', 'dataset_kwargs', 'more']);
});

test('is told from other weights by its bytes', () => {
  expect(isModulePickle(fixture)).toBe(true);
  const { format, modules, tensors } = decodeWeights(fixture, 'a.pt');
  expect(format).toBe('modules');
  expect(modules).toEqual(read(fixture).modules);
  expect(tensors).toEqual(read(fixture).state);
});

test('numbers of NumPy before its version 2', () => {
  const [now, before] = ['\x16numpy._core.multiarray', '\x15numpy.core.multiarray'];
  const old = Buffer.from(fixture.toString('latin1').replace(now, before), 'latin1');
  expect(old.length).toBe(fixture.length - 1);
  expect(read(old)).toEqual(read(fixture));
});

const latin = (text: string) => Buffer.from(text, 'latin1');
const word = (text: string) => `X${String.fromCharCode(text.length)}\0\0\0${text}`;
const pickle = (text: string) => latin(`\x80\x04${text}.`);
const ema = (text: string) => pickle(`}${word('ema')}${text}s`);
/** An empty module, and one with members. */
const empty = 'ctorch.nn.modules.container\nModuleDict\n)\x81';
const module = (members: string) => `${empty}}${word('_modules')}}(${members}usb`;
const record = (members: string) =>
  `ctorch_utils.persistence\n_reconstruct_persistent_obj\n}(${members}u\x85R`;
const scalar = (type: string, bytes: string) =>
  `cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n${word(type)}\x85R${bytes}\x86R`;

test('a blob that is named again and again is one storage', () => {
  // The first tensor of the file, as it calls for its storage.
  const start = fixture.indexOf('\x80\x02\x8a\nl\xfc\x9cF', 0, 'latin1');
  const size = fixture.readUInt32LE(start - 4);
  const blob = fixture.subarray(start, start + size);
  const count = blob.length;
  const bytes = latin(`B${String.fromCharCode(count & 255, count >> 8)}\0\0`);
  const make = 'ctorch._utils\n_rebuild_tensor_v2\n(';
  const load = 'ctorch.storage\n_load_from_bytes\nh\x01\x85R';
  const tensor = (name: string) => `${word(name)}${make}${load}K\0K\x02\x85K\x01\x85\x89NtR`;
  const names = ['a', 'b'].map(tensor).join('');
  const whole = Buffer.concat([
    latin(`\x80\x04}(${word('x')}`),
    bytes,
    blob,
    latin(`q\x01${word('ema')}${empty}}${word('_buffers')}}(${names}usbu.`),
  ]);
  const { state } = read(whole);
  expect(state.a!.shape).toEqual([2]);
  expect(state.a!.data.buffer).toBe(state.b!.data.buffer);
});

describe('one line, and nothing is executed', () => {
  const nest = (depth: number): string =>
    depth === 0 ? empty : module(`${word('m')}${nest(depth - 1)}`);

  test.each([
    [
      'a command',
      ema(`cposix\nsystem\n${word('echo')}\x85R`),
      /has posix\.system, which a network/,
    ],
    ['evaluation', ema(`cbuiltins\neval\n${word('1')}\x85R`), /has builtins\.eval, which/],
    [
      'another class',
      ema('ctorch.nn.modules.linear\nLinear\n)\x81'),
      /has torch\.nn\.modules\.linear\.Linear, which a network of NVlabs\/edm does not; give a/,
    ],
    [
      'networks of a GAN',
      pickle(`}(${['G', 'D', 'G_ema'].map((name) => word(name) + empty).join('')}u`),
      /is no denoiser: its network would be the entry "ema", and it has "?G"?, "?D"?, "?G_ema"?; /,
    ],
    ['a list', pickle(']'), /and it is no dictionary; give/],
    ['a number in its place', ema('K\x05'), /and it has "?ema"?; give/],
    [
      'a record of no class',
      ema(record(`${word('type')}${word('function')}`)),
      /no text|persistent/,
    ],
    [
      'a record of a function',
      ema(record(word('type') + word('function') + word('class_name') + word('f'))),
      /has a persistent function, which/,
    ],
    ['a whole number of NumPy', ema(scalar('i8', 'C\x08\0\0\0\0\0\0\0\0')), /a number of type i8/],
    ['a short number', ema(scalar('f8', 'C\x01\0')), /the pickle is corrupt before byte/],
    ['a state for a text', ema(`${word('x')}}b`), /has an object with a state, which/],
    ['a module of text', ema(module(word('m') + word('x'))), /is corrupt: m is no module/],
    [
      'a parameter of text',
      ema(`${empty}}${word('_parameters')}}${word('w')}${word('x')}ssb`),
      /is corrupt: w is no tensor/,
    ],
    [
      'a module of itself',
      ema(`${empty}q\0}${word('_modules')}}${word('m')}h\0ssb`),
      /is corrupt: module m stands twice/,
    ],
    ['many modules around one', ema(nest(18)), /lies in more than 16 others/],
    ['a long name', ema(module(word('m'.repeat(101)) + empty)), /the name m+… is too long/],
  ])('%s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(UserError);
    expect(() => read(bytes)).toThrow(message);
    expect(() => read(bytes)).toThrow(/^a\.pkl: [^\n]*$/);
  });
});

test('a file cut anywhere is one clear error', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: fixture.length - 1 }), (length) => {
      const cut = () => read(fixture.subarray(0, length));
      expect(cut).toThrow(UserError);
      expect(cut).toThrow(/^a\.pkl: the pickle is cut short at byte \d+; get the file again\.$/);
    }),
  );
});

test('a damaged file is read or is one clear error', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: fixture.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      (at, byte) => {
        const damaged = Uint8Array.from(fixture);
        damaged[at] = byte;
        try {
          read(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as Error).message).toMatch(/^a\.pkl: [^\n]*$/);
        }
      },
    ),
    { numRuns: 300 },
  );
});
