import { checkVector, checkWeights, fieldError } from './checks.ts';
import { type Components, sampleComponents, smoothComponents } from './components.ts';
import { covarianceParts } from './covariance.ts';
import type { Density } from './density.ts';

/** What a Gaussian mixture is made of; K components in R^d. */
export interface MixtureParameters {
  /** w, `[K]`, 0 or more, summing to one. */
  readonly weights: readonly number[];
  /** μ, `[K, d]`, in units of x. */
  readonly means: readonly (readonly number[])[];
  /** C, `[K, d, d]`, in units of x². */
  readonly covariances: readonly (readonly (readonly number[])[])[];
}

/** x ~ Σ w_k N(μ_k, C_k) with full covariances. */
export interface MixtureDensity extends Density, MixtureParameters {
  readonly type: 'mixture';
}

/**
 * Makes the Gaussian mixture Σ w_k N(μ_k, C_k). Smoothed, every C_k becomes C_k + σ̃²I, and
 * ν(z) = Σ r_k(z) ν_k(z) with responsibilities r_k.
 *
 * @throws UserError for weights that are negative or do not sum to one, numbers of components or
 *   dimensions that disagree, numbers that are not finite, and covariances that are not symmetric
 *   and positive semidefinite; the error names the component.
 */
export function mixture({ weights, means, covariances }: MixtureParameters): MixtureDensity {
  if (means.length === 0) throw fieldError('means', 'is empty; give at least one component');
  const shares = checkWeights(weights, means.length, 'means');
  const dimension = means[0]!.length;
  for (const [k, mean] of means.entries()) checkVector(`means[${k}]`, mean, dimension);
  if (covariances.length !== means.length) {
    throw fieldError(
      'covariances',
      `has ${covariances.length}, but means has ${means.length}; give one matrix for each component`,
    );
  }
  const components: Components = {
    dimension,
    weights: shares,
    means: Float64Array.from(means.flat()),
    covariances: covariances.map((covariance, k) =>
      covarianceParts(`covariances[${k}]`, covariance, dimension),
    ),
  };
  return {
    type: 'mixture',
    dimension,
    weights,
    means,
    covariances,
    sample: (key, n) => sampleComponents(components, key, n),
    smooth: (sigma) => smoothComponents(components, sigma),
  };
}
