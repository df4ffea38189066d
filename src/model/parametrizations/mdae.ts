import { gps as estimator } from '../gps.ts';
import type { Parametrization } from './parametrization.ts';

/**
 * Multidenoising autoencoder: ν_θ of all measurements, score (ν_θ(y) − y)/σ² (paper B, section
 * 3.2).
 */
export const mdae: Parametrization = {
  name: 'mdae',
  description: 'autoencoder of all M measurements; for this M alone',
  noise: 'gaussian',
  stacked: true,
  takes: ['estimator'],
  told: false,
  build: ({ network, inputSigma, view }) => ({
    denoiser: estimator(network, { effectiveSigma: inputSigma, view }),
  }),
};
