/** Damaged copies of valid files: what fuzzing feeds to readers. */
import { randomKey, uniformInt } from '../../src/random.ts';

/** An input of one run: a function of the seeds, the seed number and the index alone. */
export interface MutateOptions {
  readonly seeds: readonly Uint8Array[];
  /** Text that means something to the format, such as names that objects have anyway. */
  readonly tokens?: readonly string[];
  /** Longest input that is made, in bytes. */
  readonly longest?: number;
}

type Draw = (bound: number) => number;
type Mutation = (bytes: Buffer, draw: Draw, options: MutateOptions) => Buffer;

const anyTokens = [
  ...['__proto__', 'constructor', 'toString', 'NaN', '1e999', '-1', '99999999999999999999', '\n'],
  ...['\u2028', '\u0000', '\u001b[2J', '"', "'", '[', '{', '('.repeat(200), '['.repeat(5000), '-'],
];

const mutations: readonly Mutation[] = [
  flipBits,
  setByte,
  setField,
  setField,
  setField,
  cut,
  remove,
  repeat,
  insertNoise,
  insertToken,
  changeNumber,
  splice,
  swap,
];

/** Input `index`: one of the seeds, damaged in one to six ways. */
export function mutate(options: MutateOptions, seed: number, index: number): Buffer {
  const key = randomKey(seed, index);
  let counter = 0;
  const draw: Draw = (bound) => uniformInt(key, counter++, bound);
  const { seeds, longest = 1 << 20 } = options;
  let bytes: Buffer = Buffer.from(seeds[draw(seeds.length)]!);
  const count = 1 + draw(draw(2) === 0 ? 1 : 6);
  for (let i = 0; i < count; i++) {
    bytes = mutations[draw(mutations.length)]!(bytes, draw, options);
  }
  return bytes.subarray(0, longest);
}

/**
 * A place in the bytes, more often near the start and the end, where formats have their numbers.
 */
function place(length: number, draw: Draw): number {
  if (length === 0) return 0;
  const near = Math.min(length, 512);
  const where = draw(4);
  if (where === 0) return draw(near);
  return where === 1 ? length - 1 - draw(near) : draw(length);
}

function flipBits(bytes: Buffer, draw: Draw): Buffer {
  if (bytes.length === 0) return bytes;
  for (let i = draw(8); i >= 0; i--) {
    const at = place(bytes.length, draw);
    bytes[at] = bytes[at]! ^ (1 << draw(8));
  }
  return bytes;
}

function setByte(bytes: Buffer, draw: Draw): Buffer {
  if (bytes.length > 0) bytes[place(bytes.length, draw)] = draw(256);
  return bytes;
}

/**
 * Whole numbers of 1 to 8 bytes become the extremes of their width, or near to the length of the
 * file.
 */
function setField(bytes: Buffer, draw: Draw): Buffer {
  const width = [1, 2, 4, 8][draw(4)]!;
  if (bytes.length < width) return bytes;
  const at = Math.min(place(bytes.length, draw), bytes.length - width);
  const kind = draw(8);
  if (kind < 4) {
    bytes.fill([0x00, 0xff, 0x7f, 0x80][kind]!, at, at + width);
    return bytes;
  }
  const value = kind === 4 ? draw(16) : Math.max(0, bytes.length + draw(64) - 32);
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(BigInt(value));
  const little = field.subarray(0, width);
  bytes.set(kind % 2 === 0 ? little : Buffer.from(little).reverse(), at);
  return bytes;
}

function cut(bytes: Buffer, draw: Draw): Buffer {
  const at = draw(bytes.length + 1);
  return draw(4) === 0 ? bytes.subarray(at) : bytes.subarray(0, at);
}

function slice(bytes: Buffer, draw: Draw): [start: number, end: number] {
  const start = draw(bytes.length + 1);
  const most = draw(2) === 0 ? 16 : bytes.length - start;
  return [start, Math.min(bytes.length, start + draw(most + 1))];
}

function remove(bytes: Buffer, draw: Draw): Buffer {
  const [start, end] = slice(bytes, draw);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

/** A part of the file stands there several times, or once more elsewhere. */
function repeat(bytes: Buffer, draw: Draw): Buffer {
  const [start, end] = slice(bytes, draw);
  const part = bytes.subarray(start, end);
  const times = draw(8) === 0 ? 200 : 1 + draw(3);
  const at = draw(2) === 0 ? end : draw(bytes.length + 1);
  const copies = Array.from({ length: part.length > 4096 ? 1 : times }, () => part);
  return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)]);
}

function insertNoise(bytes: Buffer, draw: Draw): Buffer {
  const noise = Buffer.from(Array.from({ length: 1 + draw(32) }, () => draw(256)));
  return insert(bytes, noise, draw(bytes.length + 1));
}

function insertToken(bytes: Buffer, draw: Draw, { tokens = [] }: MutateOptions): Buffer {
  const all = draw(2) === 0 && tokens.length > 0 ? tokens : anyTokens;
  return insert(bytes, Buffer.from(all[draw(all.length)]!), draw(bytes.length + 1));
}

function insert(bytes: Buffer, part: Buffer, at: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
}

const numbers = ['0', '-1', '9007199254740993', '4294967296', '1e308', '1e999', '', '٣', '0x10'];

/** Digits in the file become another number. */
function changeNumber(bytes: Buffer, draw: Draw): Buffer {
  const start = place(bytes.length, draw);
  const text = bytes.toString('latin1', start, start + 4096);
  const match = /\d+/.exec(text);
  if (match === null) return bytes;
  const at = start + match.index;
  const other = Buffer.from(numbers[draw(numbers.length)]!);
  return Buffer.concat([bytes.subarray(0, at), other, bytes.subarray(at + match[0].length)]);
}

/** The beginning of this file and the end of another. */
function splice(bytes: Buffer, draw: Draw, { seeds }: MutateOptions): Buffer {
  const other = seeds[draw(seeds.length)]!;
  const head = bytes.subarray(0, draw(bytes.length + 1));
  return Buffer.concat([head, other.subarray(draw(other.length + 1))]);
}

function swap(bytes: Buffer, draw: Draw): Buffer {
  const [a, b, c] = [0, 0, 0].map(() => draw(bytes.length + 1)).sort((x, y) => x - y);
  return Buffer.concat([
    bytes.subarray(0, a),
    bytes.subarray(b, c),
    bytes.subarray(a, b),
    bytes.subarray(c),
  ]);
}
