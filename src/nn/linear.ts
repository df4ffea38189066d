import { add, matMul, type Tensor } from '../graph/index.ts';
import { fanIn, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

interface Options {
  /** Start at zero: the layer is silent until trained. */
  readonly zero?: boolean;
}

/** Maps x [N, in] → [N, features]. Parameters: weight [features, in], bias [features]. */
export function linear(
  scope: Scope,
  x: Tensor,
  features: number,
  { zero = false }: Options = {},
): Tensor {
  const inputs = x.shape[1]!;
  const start = zero ? zeros : fanIn(inputs);
  const weight = scope.parameter('weight', [features, inputs], start);
  const bias = scope.parameter('bias', [features], start);
  return add(matMul(x, weight, { transposeB: true }), bias);
}
