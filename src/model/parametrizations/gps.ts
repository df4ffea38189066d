import { gps as gpsEstimator } from '../gps.ts';
import type { Parametrization } from './parametrization.ts';

/** GPS, direct: ν_θ is the network, a function of ȳ (paper A, definition 1). */
export const gps: Parametrization = {
  name: 'gps',
  description: 'GPS, direct: the network is the denoiser of ȳ; one model for every M of its class',
  noise: 'gaussian',
  stacked: false,
  takes: ['estimator'],
  told: true,
  build: ({ network, inputSigma, view, dataScale: scale }) => ({
    denoiser: gpsEstimator(network, { effectiveSigma: inputSigma, view, scale }),
  }),
};
