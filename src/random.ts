/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Nothing is remembered between calls:
 * element i of the stream (key, counter) is a function of those numbers alone, so noise can be
 * drawn in any order, in any batch, again after a restart. Only operations that IEEE 754 rounds
 * exactly are used, hence the same bits in every JavaScript engine.
 */
import { UserError } from './errors.ts';

/** Names one family of streams: two 32-bit words. Plain data; make it with `randomKey`. */
export type Key = readonly [number, number];

/** An array that draws are written into. */
export type NumberArray = Float32Array | Float64Array;

const TWO_32 = 2 ** 32;
/** Words per inner batch: small enough to stay in the first-level cache. */
const BATCH = 1024;
/** Set into a key before folding, so that child keys are never words of the parent's streams. */
const FOLD: Key = [0x666f6c64, 0x6b657973];

// Scratch of the fill functions. They are synchronous and leave nothing here that is read later.
const words = new Uint32Array(BATCH);
const values = new Float64Array(BATCH);

/**
 * Derives the key of a seed and a path of integers, such as `randomKey(seed, chain, purpose)`.
 * Different paths give unrelated streams; `randomKey(s, a, b)` equals
 * `foldKey(randomKey(s, a), b)`.
 *
 * @throws UserError when the seed or an index is not an integer from 0 to 2^53 − 1.
 */
export function randomKey(seed: number, ...path: readonly number[]): Key {
  return foldKey(foldKey([0, 0], seed), ...path);
}

/**
 * Derives the key reached from `key` by a path of integers from 0 to 2^53 − 1, folded in one by
 * one.
 */
export function foldKey(key: Key, ...path: readonly number[]): Key {
  let [k0, k1] = key;
  for (const index of path) {
    if (!Number.isSafeInteger(index) || index < 0) {
      throw new UserError(
        `seed: ${index} is not a whole number from 0 to ${Number.MAX_SAFE_INTEGER}; give one in that range`,
        { facts: { option: 'seed', value: index, least: 0, most: Number.MAX_SAFE_INTEGER } },
      );
    }
    threefry([k0 ^ FOLD[0], k1 ^ FOLD[1]], Math.floor(index / TWO_32), index % TWO_32, 1);
    k0 = words[0]!;
    k1 = words[1]!;
  }
  return [k0, k1];
}

/**
 * Writes random 32-bit words: `out[start + k]` becomes word `first + k` of the stream
 * (key, counter). Words 2j and 2j + 1 are the two outputs of Threefry at counter (j, counter).
 *
 * @param counter 32-bit number of the stream under this key, such as a step of a walk.
 */
export function fillBits(
  key: Key,
  counter: number,
  out: Uint32Array,
  start = 0,
  end = out.length,
  first = 0,
): void {
  fill(key, counter, out, start, end, first, wordsAsTheyAre);
}

/**
 * Writes uniform numbers of the open interval (0, 1): `out[start + k]` becomes element
 * `first + k` of the stream (key, counter). They lie on the midpoints of 2^23 equal cells, which
 * float32 holds exactly: neither end is ever reached, and 1 − u has the law of u.
 *
 * @param counter 32-bit number of the stream under this key, such as a step of a walk.
 */
export function fillUniform(
  key: Key,
  counter: number,
  out: NumberArray,
  start = 0,
  end = out.length,
  first = 0,
): void {
  fill(key, counter, out, start, end, first, uniformsFromWords);
}

/**
 * Writes standard normal numbers: `out[start + k]` becomes element `first + k` of the stream
 * (key, counter), computed in double precision (Box & Muller 1958) and rounded by `out`.
 * |element| is at most 6.77, the radius of the smallest of 2^32 values of the uniform number.
 *
 * @param counter 32-bit number of the stream under this key, such as a step of a walk.
 */
export function fillNormal(
  key: Key,
  counter: number,
  out: NumberArray,
  start = 0,
  end = out.length,
  first = 0,
): void {
  fill(key, counter, out, start, end, first, normalsFromWords);
}

/**
 * Draws an unbiased integer of 0..bound − 1: the first word of the stream (key, counter) that lies
 * below the largest multiple of `bound`, reduced modulo `bound`.
 *
 * @param bound 1 to 2^32.
 */
export function uniformInt(key: Key, counter: number, bound: number): number {
  return boundedIntegers(key, counter, 2)(bound);
}

/**
 * Draws uniformly an order of 0..n − 1 (Fisher–Yates with unbiased integers), the same for the
 * same key and counter.
 */
export function permutation(key: Key, n: number, counter = 0): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  const next = boundedIntegers(key, counter, Math.min(BATCH, n));
  for (let i = n - 1; i > 0; i--) {
    const j = next(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/**
 * Reads the stream (key, counter), `ahead` words at a time, as unbiased integers below any bounds.
 */
function boundedIntegers(key: Key, counter: number, ahead: number): (bound: number) => number {
  const drawn = new Uint32Array(ahead);
  let used = 0;
  return (bound) => {
    if (!Number.isInteger(bound) || bound < 1 || bound > TWO_32) {
      throw new RangeError(`bound: ${bound} is not a whole number from 1 to 2^32`);
    }
    const limit = TWO_32 - (TWO_32 % bound);
    for (;;) {
      if (used % ahead === 0) fillBits(key, counter, drawn, 0, ahead, used);
      const word = drawn[used++ % ahead]!;
      if (word < limit) return word % bound;
    }
  };
}

/** Walks over `out` in batches of whole Threefry blocks; `transform` turns words into values. */
function fill(
  key: Key,
  counter: number,
  out: NumberArray | Uint32Array,
  start: number,
  end: number,
  first: number,
  transform: (blocks: number) => void,
): void {
  let at = start;
  let element = first;
  while (at < end) {
    // An odd element is the second of its block.
    const lead = element % 2;
    const count = Math.min(BATCH - lead, end - at);
    const blocks = (lead + count + 1) >> 1;
    threefry(key, counter, (element - lead) / 2, blocks);
    transform(blocks);
    for (let i = 0; i < count; i++) out[at + i] = values[lead + i]!;
    at += count;
    element += count;
  }
}

function wordsAsTheyAre(blocks: number): void {
  for (let i = 0; i < 2 * blocks; i++) values[i] = words[i]!;
}

function uniformsFromWords(blocks: number): void {
  // 23 bits and a half: 24 significant bits, exact in float32.
  for (let i = 0; i < 2 * blocks; i++) values[i] = ((words[i]! >>> 9) + 0.5) * 2 ** -23;
}

/** 2^(32−n) for n leading zeros: the power of two above a 32-bit word. */
const powerAbove = Float64Array.from({ length: 33 }, (_, n) => 2 ** (32 - n));
const MINUS_TWO_LOG_HALF = 2 * Math.LN2;
/** π/2 divided by 2^32: a signed 32-bit integer becomes an angle of [−π/4, π/4). */
const ANGLE = Math.PI / 2 ** 33;

/**
 * Box–Muller on the words of each block. The first word gives the radius √(−2 log u) with
 * u = (word + 1/2)/2^32; the second an angle within ±π/4 from its low 30 bits, and one of the
 * four quarters of the circle from its top two.
 *
 * The logarithm: u = 2^−n g with n leading zeros and g in [1/2, 1), so log u = log g − n log 2 and
 * log g = 2 artanh(s), s = (g − 1)/(g + 1). artanh(s)/s is a polynomial in s² ≤ 1/9, interpolated
 * at Chebyshev points, relative error below 3e-12; both terms have one sign, so the sum keeps it.
 * Sine and cosine: Taylor series, the next terms are below 3e-14 and 4e-13.
 */
function normalsFromWords(blocks: number): void {
  for (let i = 0; i < 2 * blocks; i += 2) {
    const word = words[i]!;
    const zeros = Math.clz32(word);
    const power = powerAbove[zeros]!;
    const s = (word + 0.5 - power) / (word + 0.5 + power);
    const t = s * s;
    let artanh = 0.1093028415715348 * t + 0.08561268333645095;
    artanh = (artanh * t + 0.11152563692791478) * t + 0.14284072879100546;
    artanh = (artanh * t + 0.2000003071060397) * t + 0.33333333118960873;
    artanh = (artanh * t + 1.000000000002433) * s;
    const radius = Math.sqrt(zeros * MINUS_TWO_LOG_HALF - 4 * artanh);

    const turn = words[i + 1]! | 0;
    const angle = ((turn << 2) + 2) * ANGLE;
    const q = angle * angle;
    let sine = (q * (1 / 6227020800) - 1 / 39916800) * q + 1 / 362880;
    sine = ((sine * q - 1 / 5040) * q + 1 / 120) * q - 1 / 6;
    sine = (sine * q + 1) * angle;
    let cosine = (q * (1 / 479001600) - 1 / 3628800) * q + 1 / 40320;
    cosine = ((cosine * q - 1 / 720) * q + 1 / 24) * q - 1 / 2;
    cosine = cosine * q + 1;

    // The top bit turns by half a circle; the next one mirrors by swapping the two coordinates,
    // done by where they are stored, because a branch on a random bit is mispredicted half the
    // time.
    const signed = turn < 0 ? -radius : radius;
    const swap = (turn >>> 30) & 1;
    values[i + swap] = signed * cosine;
    values[i + 1 - swap] = signed * sine;
  }
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/**
 * Threefry-2x32-20 at counters (block, counter), …, (block + blocks − 1, counter), into `words`.
 * The rounds are written out: in this form the engine keeps everything in registers.
 */
function threefry(key: Key, counter: number, block: number, blocks: number): void {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  const c1 = (counter + k1) | 0;
  for (let i = 0; i < blocks; i++) {
    let x0 = (block + i + k0) | 0;
    let x1 = c1;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 13) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 15) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 26) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((rotate(x1, 6) ^ x0) + k2 + 1) | 0;
    x0 = (x0 + k1 + x1) | 0;
    x1 = rotate(x1, 17) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 29) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 16) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((rotate(x1, 24) ^ x0) + k0 + 2) | 0;
    x0 = (x0 + k2 + x1) | 0;
    x1 = rotate(x1, 13) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 15) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 26) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((rotate(x1, 6) ^ x0) + k1 + 3) | 0;
    x0 = (x0 + k0 + x1) | 0;
    x1 = rotate(x1, 17) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 29) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 16) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((rotate(x1, 24) ^ x0) + k2 + 4) | 0;
    x0 = (x0 + k1 + x1) | 0;
    x1 = rotate(x1, 13) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 15) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, 26) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((rotate(x1, 6) ^ x0) + k0 + 5) | 0;
    words[2 * i] = x0 + k2;
    words[2 * i + 1] = x1;
  }
}
