/** Some of many rows, of images or features. */

/** Takes `count` rows, evenly from the first on. */
export function spread(features: Float32Array, dimension: number, count: number): Float32Array {
  const part = features.length / dimension / count;
  return choose(features, dimension, count, (i) => Math.floor(i * part));
}

/**
 * Spreads as `spread` does, over samples in the order of chains: not the same draw of every chain.
 */
export function spreadOverDraws(
  features: Float32Array,
  dimension: number,
  count: number,
): Float32Array {
  const part = features.length / dimension / count;
  return choose(features, dimension, count, (i) => Math.floor(i * part) + (i % Math.floor(part)));
}

function choose(
  features: Float32Array,
  dimension: number,
  count: number,
  rowOf: (i: number) => number,
): Float32Array {
  if (features.length === count * dimension) return features;
  const chosen = new Float32Array(count * dimension);
  for (let i = 0; i < count; i++) {
    const row = rowOf(i);
    chosen.set(features.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  }
  return chosen;
}

/** Takes the row of the last draw of each chain, of values `[chains, draws, size]`. */
export function lastOf(values: Float32Array, chains: number, draws: number): Float32Array {
  const size = values.length / (chains * draws);
  const last = new Float32Array(chains * size);
  for (let chain = 0; chain < chains; chain++) {
    const row = ((chain + 1) * draws - 1) * size;
    last.set(values.subarray(row, row + size), chain * size);
  }
  return last;
}
