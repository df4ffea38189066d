import { UserError } from '../errors.ts';
import { checkFeatures, type EngineOptions } from './feature-sets.ts';
import { DISTANCE_ERROR, forEachDistance, squaredDistance, squaredNorms } from './pairwise.ts';

/** The nearest of a set of examples to one sample. */
export interface Neighbour {
  readonly index: number;
  /** Euclidean, in the units of the values. */
  readonly distance: number;
}

/**
 * Finds the nearest example of each sample in Euclidean distance, by looking at all of them. For
 * large sets `nearestNeighbours` finds the same much faster.
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
      { code: 'shape', facts: { dimension, values: [samples.length, examples.length] } },
    );
  }
  const count = examples.length / dimension;
  return Array.from({ length: samples.length / dimension }, (_, row) => {
    const sample = samples.subarray(row * dimension, (row + 1) * dimension);
    let [index, best] = [-1, Number.POSITIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const distance = distanceBelow(sample, examples, i * dimension, best);
      if (distance < best) [index, best] = [i, distance];
    }
    return { index, distance: Math.sqrt(best) };
  });
}

/** Stops early once the sum is past `limit`: most examples are far. */
function distanceBelow(
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

export interface NearestOptions extends EngineOptions {
  /**
   * For each sample the index of an example that does not count, such as the sample itself; `[n]`.
   */
  readonly exclude?: ArrayLike<number>;
}

/**
 * Finds what `nearestExamples` does, by products of the engine in blocks: distances as
 * ‖x‖² + ‖y‖² − 2x·y in double precision, and each that may be the least measured again from the
 * differences, so that the result is the same. Of examples at one distance the first.
 *
 * @param samples `[n, d]`, row-major.
 * @param examples `[N, d]`, in the same units; N of 1 at least, 2 where some are excluded.
 * @param dimension d.
 *
 * @throws UserError for too few examples, a partial row, or a value that is not finite.
 */
export async function nearestNeighbours(
  samples: Float32Array,
  examples: Float32Array,
  dimension: number,
  { exclude, threads }: NearestOptions = {},
): Promise<Neighbour[]> {
  const count = checkFeatures('nearestNeighbours: samples', samples, dimension, 0);
  checkFeatures('nearestNeighbours: examples', examples, dimension, exclude ? 2 : 1);
  const pair = { a: samples, b: examples, dimension };
  const norms = [squaredNorms(samples, dimension), squaredNorms(examples, dimension)] as const;
  const longest = norms[1].reduce((most, norm) => Math.max(most, norm), 0);
  const best = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const index = new Int32Array(count).fill(-1);
  await forEachDistance(
    pair,
    ({ first, rows, columns, values, stride }) => {
      for (let i = first[0]; i < first[0] + rows; i++) {
        const error = DISTANCE_ERROR * (norms[0][i]! + longest);
        const start = (i - first[0]) * stride - first[1];
        for (let j = first[1]; j < first[1] + columns; j++) {
          if (values[start + j]! > best[i]! + error || j === exclude?.[i]) continue;
          const exact = squaredDistance(pair, i, j);
          if (exact < best[i]!) [best[i], index[i]] = [exact, j];
        }
      }
    },
    { threads },
  );
  return Array.from(index, (index, i) => ({ index, distance: Math.sqrt(best[i]!) }));
}
