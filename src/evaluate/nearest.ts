import { UserError } from '../errors.ts';

/** The nearest of a set of examples to one sample. */
export interface Neighbour {
  readonly index: number;
  /** Euclidean, in the units of the values. */
  readonly distance: number;
}

/**
 * The nearest example of each sample in Euclidean distance, by looking at all of them.
 *
 * @param samples `[n, d]`, row-major.
 * @param examples `[N, d]`, in the same units.
 * @param dimension d.
 */
export function nearestExamples(
  samples: Float32Array,
  examples: Float32Array,
  dimension: number,
): Neighbour[] {
  if (samples.length % dimension !== 0 || examples.length % dimension !== 0) {
    throw new UserError(
      `nearestExamples: ${samples.length} and ${examples.length} values are no whole rows of ${dimension}`,
    );
  }
  const count = examples.length / dimension;
  return Array.from({ length: samples.length / dimension }, (_, row) => {
    const sample = samples.subarray(row * dimension, (row + 1) * dimension);
    let [index, best] = [-1, Number.POSITIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const distance = squaredDistance(sample, examples, i * dimension, best);
      if (distance < best) [index, best] = [i, distance];
    }
    return { index, distance: Math.sqrt(best) };
  });
}

/** Stops early once the sum is past `limit`: most examples are far. */
function squaredDistance(
  sample: Float32Array,
  examples: Float32Array,
  start: number,
  limit: number,
): number {
  const STRIDE = 64;
  let sum = 0;
  for (let from = 0; from < sample.length && sum < limit; from += STRIDE) {
    const to = Math.min(from + STRIDE, sample.length);
    for (let i = from; i < to; i++) {
      const difference = sample[i]! - examples[start + i]!;
      sum += difference * difference;
    }
  }
  return sum;
}
