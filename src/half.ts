/** Half-precision numbers (IEEE 754 binary16) as 16-bit integers. */

/** Largest finite half. */
export const HALF_MAX = 65504;

/**
 * Bits of float32 numbers: where halves overflow, 65520; the smallest normal half, 2⁻¹⁴; one half.
 */
const [OVERFLOW, NORMAL, ONE_HALF] = [0x477ff000, 0x38800000, 0x3f000000];
const INFINITY = 0x7f800000;

/** Rounds to the nearest halves, ties to even; what is too large becomes infinity. */
export function toHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let i = 0; i < values.length; i++) {
    const word = words[i]!;
    const size = word & 0x7fffffff;
    let half: number;
    if (size > INFINITY) half = 0x7e00;
    else if (size >= OVERFLOW) half = 0x7c00;
    else if (size >= NORMAL) {
      // 13 bits fewer of mantissa, rounded to even; the exponent counts from 15, not 127.
      half = (size + 0xfff + ((size >>> 13) & 1) - 0x38000000) >>> 13;
    } else {
      // Multiples of 2⁻²⁴: those are the float32 numbers from 1/2 to 1, so the sum rounds to one.
      float[0] = Math.abs(values[i]!) + 0.5;
      half = bits[0]! - ONE_HALF;
    }
    halves[i] = half | ((word >>> 16) & 0x8000);
  }
  return halves;
}

let table: Float32Array | undefined;

/** Gives exactly the numbers that the halves are. */
export function fromHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 65536 }, (_, half) => singleOf(half));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!;
  return values;
}

function singleOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
