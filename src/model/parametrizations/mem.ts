import { estimatorOf } from '../energy.ts';
import type { Parametrization } from './parametrization.ts';

/** Multimeasurement energy model: a scalar f_θ of all measurements (paper B, section 3.1). */
export const mem: Parametrization = {
  name: 'mem',
  description: 'energy of all M measurements; for this M alone',
  noise: 'gaussian',
  stacked: true,
  takes: ['energy'],
  told: false,
  build: ({ network, inputSigma }) => ({
    energy: network,
    denoiser: estimatorOf(network, inputSigma),
  }),
};
