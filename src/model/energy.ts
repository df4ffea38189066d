import { grad, mul, reduceSum, reshape, sub, type Tensor } from '../graph/index.ts';
import type { Network } from '../nn/index.ts';

/**
 * Derives the estimator of an energy f: y − σ²∇f(y), by automatic differentiation (paper A, section
 * 3.1, and paper B, section 3.1). To train it differentiates this gradient again, in the same
 * graph.
 *
 * @param energy y [N, ...] → [N].
 * @param sigma deviation of the noise in y.
 */
export function estimatorOf(energy: Network, sigma: number): Network {
  return (scope, y) => {
    const [gradient] = grad(reduceSum(energy(scope, y)), [y]);
    return sub(y, mul(gradient, sigma * sigma));
  };
}

/** Computes f(y) = ‖y − ν(y)‖²/(2σ²) of a network ν that keeps the shape: [N]. */
export function squaredResidual(y: Tensor, estimate: Tensor, sigma: number): Tensor {
  const residual = sub(y, estimate);
  const axes = y.shape.map((_, axis) => axis).slice(1);
  const squares = reshape(reduceSum(mul(residual, residual), axes), [y.shape[0]!]);
  return mul(squares, 1 / (2 * sigma * sigma));
}
