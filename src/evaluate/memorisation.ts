import { UserError } from '../errors.ts';
import { checkFeatures, type EngineOptions } from './feature-sets.ts';
import { type Neighbour, nearestNeighbours } from './nearest.ts';

/** Images in one space, of pixels or of features. */
export interface MemorisationOptions extends EngineOptions {
  /** `[n, d]`. */
  readonly samples: Float32Array;
  /** What the model learned from, `[N, d]`, N of 2 at least. */
  readonly training: Float32Array;
  /**
   * Images of the same law that it did not see, `[m, d]`: what the numbers would be without
   * copying.
   */
  readonly heldOut?: Float32Array;
  /** d. */
  readonly dimension: number;
  /** Ratio below which a sample counts as a copy. Default 1/3. */
  readonly threshold?: number;
}

/** The training image nearest to an image. */
export interface NearestTraining extends Neighbour {
  /**
   * `distance` divided by the distance of that training image to the training image nearest to it:
   * small for a copy, about 1 for a new image. 0 for an exact copy; infinite for a new image beside
   * a training image that is in the set twice.
   */
  readonly ratio: number;
}

/** How close a set of images comes to the training images. */
export interface Closeness {
  readonly medianDistance: number;
  readonly medianRatio: number;
  /** Share of ratios below the threshold. */
  readonly share: number;
}

export interface Memorisation {
  /** Of each sample, `[n]`. */
  readonly nearest: readonly NearestTraining[];
  readonly samples: Closeness;
  /** The same of held-out images, where they were given: the reference for `samples`. */
  readonly heldOut?: Closeness;
}

/**
 * Tells whether samples are copies of training images. Each has its nearest training image, in
 * Euclidean distance, judged against how far that image's own neighbourhood reaches; 1/3 is the
 * ratio that Yoon, Choi, Kwon & Ryu 2023, "Diffusion probabilistic models generalize when they fail
 * to memorize", take for a copy (with the second nearest training image of the sample in the
 * denominator). Held-out images say what share comes of chance. Call it for pixels and for
 * features: copies that are shifted or recoloured show in the latter alone.
 *
 * @throws UserError for no samples, fewer than 2 training images, a partial row, a value that is
 * not finite, or a threshold that is not above 0.
 */
export async function memorisation({
  samples,
  training,
  heldOut,
  dimension,
  threshold = 1 / 3,
  threads,
}: MemorisationOptions): Promise<Memorisation> {
  checkFeatures('memorisation: samples', samples, dimension);
  checkFeatures('memorisation: training', training, dimension, 2);
  if (heldOut) checkFeatures('memorisation: heldOut', heldOut, dimension);
  if (!(threshold > 0)) {
    throw new UserError(`threshold ${threshold}: is no ratio; give a number above 0`, {
      facts: { option: 'threshold', value: threshold },
    });
  }
  const find = (images: Float32Array) => nearestTraining(images, training, dimension, { threads });
  const nearest = await find(samples);
  return {
    nearest,
    samples: closenessOf(nearest, threshold),
    ...(heldOut && { heldOut: closenessOf(await find(heldOut), threshold) }),
  };
}

async function nearestTraining(
  images: Float32Array,
  training: Float32Array,
  dimension: number,
  options: EngineOptions,
): Promise<NearestTraining[]> {
  const nearest = await nearestNeighbours(images, training, dimension, options);
  const found = [...new Set(nearest.map(({ index }) => index))];
  const rows = new Float32Array(found.length * dimension);
  for (const [row, index] of found.entries()) {
    rows.set(training.subarray(index * dimension, (index + 1) * dimension), row * dimension);
  }
  const own = await nearestNeighbours(rows, training, dimension, { ...options, exclude: found });
  const reach = new Map(found.map((index, row) => [index, own[row]!.distance]));
  return nearest.map(({ index, distance }) => ({
    index,
    distance,
    ratio: distance === 0 ? 0 : distance / reach.get(index)!,
  }));
}

function closenessOf(nearest: readonly NearestTraining[], threshold: number): Closeness {
  return {
    medianDistance: median(nearest.map(({ distance }) => distance)),
    medianRatio: median(nearest.map(({ ratio }) => ratio)),
    share: nearest.filter(({ ratio }) => ratio < threshold).length / nearest.length,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}
