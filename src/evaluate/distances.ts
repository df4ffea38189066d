import { checkEnough, type FeatureStatistics, featureStatistics } from './feature-statistics.ts';
import { frechetDistance } from './frechet-distance.ts';
import { kernelDistance } from './kernel-distance.ts';
import { memorisation } from './memorisation.ts';
import { precisionRecall } from './precision-recall.ts';
import { spread } from './rows.ts';

/** A data set's features, ready to compare samples with. */
export interface References {
  /** `[N, D]`. */
  readonly features: Float32Array;
  readonly dimension: number;
  readonly statistics: FeatureStatistics;
}

export interface DistanceOptions {
  readonly threads?: number | undefined;
}

/** Prepares the features of data for every distance to them. */
export async function createReferences(
  features: Float32Array,
  dimension: number,
  options: DistanceOptions = {},
): Promise<References> {
  const statistics = await featureStatistics(features, dimension, options);
  checkEnough(statistics, 'the data');
  return { features, dimension, statistics };
}

/**
 * Names the Fréchet distance in some features: those that everyone reports it in have a name of
 * their own.
 */
export const frechetName = (features: string) =>
  features === 'inception' ? 'fid' : `fd-${features}`;

/**
 * Computes the Fréchet distance of samples to references.
 * @throws UserError for no more samples than features.
 */
export async function frechet(
  samples: Float32Array,
  { dimension, statistics }: References,
  options: DistanceOptions = {},
): Promise<number> {
  const own = await featureStatistics(samples, dimension, options);
  checkEnough(own, 'the samples');
  return frechetDistance(own, statistics, options);
}

/** Estimates the kernel distance of samples to references. */
export function kernel(
  samples: Float32Array,
  { features, dimension }: References,
  options: DistanceOptions = {},
) {
  return kernelDistance(samples, features, dimension, options);
}

/** Most examples on a side: the work grows with the square. */
const PAIRS = 10_000;

/** Computes precision, recall, density and coverage between as many samples as references. */
export function coverage(
  samples: Float32Array,
  { features, dimension }: References,
  options: DistanceOptions = {},
) {
  const count = Math.min(PAIRS, samples.length / dimension, features.length / dimension);
  return precisionRecall(
    spread(samples, dimension, count),
    spread(features, dimension, count),
    dimension,
    options,
  );
}

/** Most samples whose nearest training images are looked for. */
export const LOOKED_UP = 1000;

/** Tells whether samples are copies, by their features. */
export function copies(
  samples: Float32Array,
  { features, dimension }: References,
  options: DistanceOptions = {},
) {
  const count = Math.min(LOOKED_UP, samples.length / dimension);
  const looked = spread(samples, dimension, count);
  return memorisation({ samples: looked, training: features, dimension, ...options });
}

/** Measures what a cell of an experiment is worth, in numbers. */
export async function distancesOf(
  samples: Float32Array,
  references: References,
  options: DistanceOptions = {},
) {
  const fd = await frechet(samples, references, options);
  const { mean: kid } = await kernel(samples, references, options);
  const { precision, recall } = await coverage(samples, references, options);
  const { share } = (await copies(samples, references, options)).samples;
  return { fd, kid, precision, recall, copies: share };
}
