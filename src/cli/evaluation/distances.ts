import {
  checkEnough,
  type FeatureStatistics,
  featureStatistics,
  frechetDistance,
  kernelDistance,
  memorisation,
  precisionRecall,
} from '../../evaluate/index.ts';
import { spread, spreadOverDraws } from './rows.ts';

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

export async function createReferences(
  features: Float32Array,
  dimension: number,
  options: DistanceOptions = {},
): Promise<References> {
  const statistics = await featureStatistics(features, dimension, options);
  checkEnough(statistics, 'the data');
  return { features, dimension, statistics };
}

/** Fréchet distances have a name of their own in the features that everyone reports them in. */
export const frechetName = (features: string) =>
  features === 'inception' ? 'fid' : `fd-${features}`;

/** @throws UserError for no more samples than features. */
export async function frechet(
  samples: Float32Array,
  { dimension, statistics }: References,
  options: DistanceOptions = {},
): Promise<number> {
  const own = await featureStatistics(samples, dimension, options);
  checkEnough(own, 'the samples');
  return frechetDistance(own, statistics, options);
}

export function kernel(
  samples: Float32Array,
  { features, dimension }: References,
  options: DistanceOptions = {},
) {
  return kernelDistance(samples, features, dimension, options);
}

/** Most examples on a side: the work grows with the square. */
const PAIRS = 10_000;

/** Precision, recall, density and coverage between as many samples as references. */
export function coverage(
  samples: Float32Array,
  { features, dimension }: References,
  options: DistanceOptions = {},
) {
  const count = Math.min(PAIRS, samples.length / dimension, features.length / dimension);
  return precisionRecall(
    spreadOverDraws(samples, dimension, count),
    spread(features, dimension, count),
    dimension,
    options,
  );
}

/** Most samples whose nearest training images are looked for. */
export const LOOKED_UP = 1000;

/** Whether samples are copies, by their features. */
export function copies(
  samples: Float32Array,
  { features, dimension }: References,
  options: DistanceOptions = {},
) {
  const count = Math.min(LOOKED_UP, samples.length / dimension);
  const looked = spreadOverDraws(samples, dimension, count);
  return memorisation({ samples: looked, training: features, dimension, ...options });
}

/** What a cell of an experiment is worth, in numbers. */
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
