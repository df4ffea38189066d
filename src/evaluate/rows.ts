/** Some of many rows, of images or features. */
import { fillUniform, randomKey } from '../random.ts';

/**
 * Takes `count` rows, one from each of as many equal parts, at random and always the same: rows at
 * equal distances would be of one class where classes take turns, or the same draw of every chain.
 */
export function spread(features: Float32Array, dimension: number, count: number): Float32Array {
  if (features.length === count * dimension) return features;
  const rows = features.length / dimension;
  const places = new Float32Array(count);
  fillUniform(randomKey(0), 0, places);
  const chosen = new Float32Array(count * dimension);
  for (let i = 0; i < count; i++) {
    const row = Math.min(rows - 1, Math.floor(((i + places[i]!) * rows) / count));
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
