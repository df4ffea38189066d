import { add, concat } from '../../graph/index.ts';
import { estimatorOf, squaredResidual } from '../energy.ts';
import { type Parametrization, scaleInput } from './parametrization.ts';

/**
 * Multimeasurement energy model in its quadratic form, f_θ(y) = ‖y − ν_θ(y)‖²/(2σ²), with a
 * meta-encoder's h_θ(y, ν_θ(y)) added where there is one (paper B, section 3.1).
 */
export const memQuadratic: Parametrization = {
  name: 'mem-quadratic',
  description:
    'energy ‖y − ν(y)‖²/(2σ²) of all M measurements, with or without a meta-encoder; for this M alone',
  noise: 'gaussian',
  stacked: true,
  takes: ['estimator'],
  told: false,
  build: ({ network, inputSigma, inputScale, metaEncoder }) => {
    const energy: typeof network = (scope, y) => {
      const inside = metaEncoder ? scope.at('estimator') : scope;
      const estimate = network(inside, y);
      const squares = squaredResidual(y, estimate, inputSigma);
      if (!metaEncoder) return squares;
      const both = concat([scaleInput(y, inputScale), estimate], 1);
      return add(squares, metaEncoder(scope.at('meta'), both));
    };
    return { energy, denoiser: estimatorOf(energy, inputSigma) };
  },
};
