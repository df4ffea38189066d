import { mul, softplus, sub } from '../../graph/index.ts';
import type { Parametrization } from './parametrization.ts';

/**
 * Counts, direct: ν_θ(s) = softplus(g_θ(s/Λ − b)) by least squares, s = Σ_m y_m ~
 * Poisson(Λ(x + b)), Λ = Mλ (paper B, Poisson measurements). An intensity is never below 0, nor is
 * the estimate.
 */
export const poisson: Parametrization = {
  name: 'poisson',
  description:
    'counts, direct: the network is the estimator of the sum of counts; one model for every M and rate of its class',
  noise: 'poisson',
  stacked: false,
  takes: ['estimator'],
  told: false,
  build: ({ network, rate, background }) => ({
    denoiser: (scope, counts) => {
      // Its mean, given x, is x.
      const unbiased = mul(counts, 1 / rate);
      const seen = background === 0 ? unbiased : sub(unbiased, background);
      return softplus(network(scope, seen));
    },
  }),
};
