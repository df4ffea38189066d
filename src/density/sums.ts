import type { NumberArray } from '../random.ts';

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);
/** Which half of a double holds its exponent. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/**
 * Computes Σ_k from[start + k · stride], k < count, the same to the bit for any order of the terms,
 * so that permuting measurements permutes scores exactly (paper A, proposition 1).
 *
 * Float32 terms within a factor of 2^29 of each other add up exactly in double precision. Otherwise
 * each term is cut on two grids that the largest term sets (Rump, Ogita & Oishi 2008, algorithm
 * ExtractVector): on a grid every sum is exact; what falls below both is about M² · 2^−102 of the
 * largest for M terms.
 */
export function symmetricSum(
  from: NumberArray,
  start: number,
  count: number,
  stride: number,
): number {
  const end = start + count * stride;
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let plain = 0;
  for (let at = start; at < end; at += stride) {
    const value = from[at]!;
    plain += value;
    const size = Math.abs(value);
    // Not as branches: on measurements they would be mispredicted half the time.
    largest = Math.max(largest, size);
    smallest = Math.min(smallest, size === 0 ? smallest : size);
  }
  // Two terms have one sum in either order, and so has anything with an infinity or a NaN.
  if (count < 3 || !Number.isFinite(plain)) return plain;
  if (from.BYTES_PER_ELEMENT === 4 && largest * count < smallest * 2 ** 29) return plain;
  return gridSum(from, start, end, stride, powerAbove(largest) * powerAbove(count + 2));
}

/**
 * Tells whether any `count` float32 numbers of from[start..end) have an exact sum in double
 * precision: all within a factor of 2^29/count of each other, zeros apart. One pass for a whole
 * chain, after which its sums need no care. NaN and infinities pass: they have one sum in any
 * order.
 */
export function sumsAreExact(
  from: Float32Array,
  start: number,
  end: number,
  count: number,
): boolean {
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (let at = start; at < end; at++) {
    const size = Math.abs(from[at]!);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
    if (size < smallest && size > 0) smallest = size;
  }
  return largest * count < smallest * 2 ** 29;
}

function gridSum(
  from: NumberArray,
  start: number,
  end: number,
  stride: number,
  coarse: number,
): number {
  const fine = coarse * powerAbove((end - start) / stride + 2) * 2 ** -52;
  let [high, low] = [0, 0];
  for (let at = start; at < end; at += stride) {
    const value = from[at]!;
    const cut = coarse + value - coarse;
    high += cut;
    low += fine + (value - cut) - fine;
  }
  return high + low;
}

/** The power of two above a normal double: its exponent bits alone, times two. */
function powerAbove(value: number): number {
  float[0] = value;
  halves[HIGH]! &= 0x7ff00000;
  halves[1 - HIGH] = 0;
  return 2 * float[0];
}
