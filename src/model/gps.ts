import { mul, reduceMean, reduceSum, sub, type Tensor } from '../graph/index.ts';
import type { Network } from '../nn/index.ts';

/** What the network's output means. */
export type View = 'noise' | 'denoised';

export interface GpsOptions {
  /** σ̃ = σ/√M. */
  readonly effectiveSigma: number;
  /**
   * `noise`: the network is ε_θ and ν_θ(z) = z − σ̃·ε_θ(z). `denoised`: the network is ν_θ.
   * Both have the same objective (σ̃²·E‖ε − ε_θ‖² = E‖x − ν_θ‖²).
   */
  readonly view: View;
}

/**
 * GPS, direct parametrization (paper A, definition 1): ν_θ as a function of ȳ [N, ...shape].
 * The score of channel m at any member (M, σ̃√M) of the class is (ν_θ(ȳ) − y_m)/σ².
 */
export function gps(network: Network, { effectiveSigma, view }: GpsOptions): Network {
  return (scope, z) => {
    const output = network(scope, z);
    return view === 'denoised' ? output : sub(z, mul(output, effectiveSigma));
  };
}

/** The objective (paper A, eq. 10): ‖x − ν‖² summed over dimensions, averaged over the batch. */
export function denoisingLoss(x: Tensor, denoised: Tensor): Tensor {
  const error = sub(x, denoised);
  return reduceMean(reduceSum(mul(error, error), x.shape.map((_, axis) => axis).slice(1)));
}
