import { estimatorOf, squaredResidual } from '../energy.ts';
import type { Parametrization } from './parametrization.ts';

/**
 * GPS, energy: a scalar φ_θ(ȳ) and ν = ȳ − σ̃²∇φ_θ(ȳ) (paper A, section 3.1). A network that keeps
 * the shape makes the scalar ‖ȳ − g_θ(ȳ)‖²/(2σ̃²).
 */
export const gpsEnergy: Parametrization = {
  name: 'gps-energy',
  description:
    'GPS, energy: the denoiser is the gradient of a scalar of ȳ; MALA and MALT can walk it',
  noise: 'gaussian',
  stacked: false,
  takes: ['energy', 'estimator'],
  told: false,
  build: ({ network, kind, inputSigma }) => {
    const energy: typeof network =
      kind === 'energy' ? network : (scope, z) => squaredResidual(z, network(scope, z), inputSigma);
    return { energy, denoiser: estimatorOf(energy, inputSigma) };
  },
};
