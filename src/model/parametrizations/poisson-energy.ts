import { UserError } from '../../errors.ts';
import {
  add,
  concat,
  constant,
  exp,
  mul,
  reshape,
  sizeOf,
  slice,
  sub,
  type Tensor,
} from '../../graph/index.ts';
import type { Network } from '../../nn/index.ts';
import type { Parametrization } from './parametrization.ts';

/** Most dimensions: the estimate takes the energy at one neighbour for each. */
const MOST = 256;

/**
 * Counts, energy: x̂_l(s) + b = ((s_l + 1)/Λ) exp(f(s) − f(s + e_l)) with s ~ Poisson(Λ(x + b))
 * (paper B, the Bayes estimator of Poisson measurements). The energy that is learned is f(s) = Σ_l
 * (log s_l! − s_l log Λ) − Λψ_θ(s/Λ): its first part is that of x + b = 1, and leaves
 * x̂_l(s) + b = exp(Λψ_θ((s + e_l)/Λ) − Λψ_θ(s/Λ)), a difference quotient of ψ_θ. The ratio is
 * exact, in each of the d dimensions: d + 1 energies for one estimate.
 */
export const poissonEnergy: Parametrization = {
  name: 'poisson-energy',
  description: `counts, energy: the estimator is the ratio of the densities of neighbours; at most ${MOST} dimensions`,
  noise: 'poisson',
  stacked: false,
  takes: ['energy'],
  told: false,
  build: ({ network, rate, background, shape }) => {
    if (sizeOf(shape) > MOST) {
      throw new UserError(
        `parametrization poisson-energy: an estimate of ${sizeOf(shape)} dimensions takes ${sizeOf(shape) + 1} energies; it serves at most ${MOST}, take poisson`,
      );
    }
    const estimator = ratioEstimator(network, rate);
    if (background === 0) return { denoiser: estimator };
    return { denoiser: (scope, counts) => sub(estimator(scope, counts), background) };
  },
};

/** Row l is e_l: `[1, d, d]`. */
function identity(d: number): Tensor {
  const values = new Float32Array(d * d);
  for (let l = 0; l < d; l++) values[l * d + l] = 1;
  return constant(values, [1, d, d]);
}

/** x̂ + b [N, ...shape] from a network ψ [N, ...shape] → [N]. */
function ratioEstimator(network: Network, rate: number): Network {
  return (scope, counts) => {
    const [rows, ...shape] = counts.shape as readonly [number, ...number[]];
    const d = sizeOf(shape);
    const own = reshape(counts, [rows, 1, d]);
    const neighbours = add(own, identity(d));
    const all = reshape(concat([own, neighbours], 1), [rows * (d + 1), ...shape]);
    const energies = reshape(mul(network(scope, mul(all, 1 / rate)), rate), [rows, d + 1]);
    const psi = slice(energies, [0, 0], [rows, 1]);
    const neighbouring = slice(energies, [0, 1], [rows, d + 1]);
    return reshape(exp(sub(neighbouring, psi)), counts.shape);
  };
}
