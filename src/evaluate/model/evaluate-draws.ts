import type { Dataset } from '../../data/index.ts';
import { type EvaluateOptions, evaluate as evaluatePure, type Samples } from '../evaluate.ts';
import type { Findings } from '../measure.ts';
import { type FeatureName, featuresFor, openFeatures } from './features.ts';

export interface EvaluateDrawsOptions extends EvaluateOptions {
  /**
   * Features that come with the package or were fetched. Default: those of the data, else pixels.
   */
  readonly features?: FeatureName;
}

/**
 * Measures samples against data as `evaluate` of `mdensity/evaluate`, in the features that come
 * with the package for MNIST, Fashion-MNIST, CIFAR-10 and 8×8 digits; of other data in their
 * pixels.
 *
 * @example
 * const draws = await collect(walkJump(model, { chains: 100, steps: 200, jumpEvery: 10 }));
 * const { frechet } = await evaluate(draws, digits); // { name: 'fd-mnist', distance: 1.2 }
 *
 * @throws UserError as `evaluate` of `mdensity/evaluate`, and for features of images of another
 *   shape.
 */
export async function evaluate(
  samples: Samples,
  dataset: Dataset,
  { features, ...options }: EvaluateDrawsOptions = {},
): Promise<Findings> {
  if (options.network !== undefined) return evaluatePure(samples, dataset, options);
  const network = await openFeatures(features ?? usualFor(dataset), dataset.shape);
  try {
    return await evaluatePure(samples, dataset, { ...options, network });
  } finally {
    await network.release();
  }
}

/** The network of data of that name and shape, else their pixels. */
function usualFor(dataset: Dataset): FeatureName {
  try {
    return featuresFor(dataset);
  } catch {
    return 'pixels';
  }
}
