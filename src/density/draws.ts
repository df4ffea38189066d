/** Draws from discrete laws by inversion: one uniform number each, so element i needs no other. */
import { fillBits, type Key } from '../random.ts';
import { logFactorial } from './log-factorial.ts';

/**
 * Draws `n` uniform numbers of (0, 1), the midpoints of 2^52 cells, two words of the stream (key,
 * 0) each: fine enough that a weight of 1e-12 is drawn as often as it should be.
 */
export function uniforms(key: Key, n: number): Float64Array {
  const words = new Uint32Array(2 * n);
  fillBits(key, 0, words);
  return Float64Array.from(
    { length: n },
    (_, i) => ((words[2 * i]! >>> 6) * 2 ** 26 + (words[2 * i + 1]! >>> 6) + 0.5) * 2 ** -52,
  );
}

/**
 * Finds the first index whose cumulative weight exceeds `uniform`; rounding at the end goes to the
 * last.
 */
export function drawIndex(cumulative: Float64Array, uniform: number): number {
  const target = uniform * cumulative[cumulative.length - 1]!;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Draws from Poisson(mean): takes the probabilities off a uniform number one by one, from the mode
 * outwards, about √mean of them. Exact to the rounding of their sum.
 *
 * @param uniform in (0, 1).
 * @param mean 0 or more.
 */
export function drawPoisson(uniform: number, mean: number): number {
  if (mean === 0) return 0;
  const mode = Math.floor(mean);
  let above = Math.exp(mode * Math.log(mean) - mean - logFactorial(mode));
  let below = above;
  let left = uniform - above;
  for (let step = 1; left >= 0; step++) {
    above *= mean / (mode + step);
    left -= above;
    if (left < 0) return mode + step;
    // Taken off at mode − step + 1: the factor is 0 once the mode is passed.
    below *= Math.max(mode - step + 1, 0) / mean;
    left -= below;
    if (left < 0) return mode - step;
    if (above < 1e-18 && below < 1e-18) break;
  }
  return mode;
}
