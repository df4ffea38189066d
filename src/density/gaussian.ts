import { checkVector } from './checks.ts';
import { type Components, sampleComponents, smoothComponents } from './components.ts';
import { covarianceParts } from './covariance.ts';
import type { Density } from './density.ts';

/** x ~ N(μ, C) with a full covariance. */
export interface GaussianDensity extends Density {
  readonly type: 'gaussian';
  /** μ, `[d]`, in units of x. */
  readonly mean: readonly number[];
  /** C, `[d, d]`, in units of x². */
  readonly covariance: readonly (readonly number[])[];
}

/**
 * Makes the Gaussian N(μ, C). Smoothed it is N(μ, C + σ̃²I), hence ν(z) = μ + C(C + σ̃²I)⁻¹(z − μ).
 *
 * @throws UserError unless μ is finite and C is d × d, finite, symmetric and positive semidefinite;
 *   the error gives the smallest eigenvalue.
 */
export function gaussian(
  mean: readonly number[],
  covariance: readonly (readonly number[])[],
): GaussianDensity {
  checkVector('mean', mean);
  const components: Components = {
    dimension: mean.length,
    weights: Float64Array.of(1),
    means: Float64Array.from(mean),
    covariances: [covarianceParts('covariance', covariance, mean.length)],
  };
  return {
    type: 'gaussian',
    dimension: mean.length,
    mean,
    covariance,
    sample: (key, n) => sampleComponents(components, key, n),
    smooth: (sigma) => smoothComponents(components, sigma),
  };
}
