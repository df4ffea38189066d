import {
  concat,
  constant,
  cos,
  fail,
  mul,
  reshape,
  silu,
  sin,
  type Tensor,
} from '../graph/index.ts';
import { linear } from './linear.ts';
import type { Scope } from './scope.ts';

/** The longest period of `sinusoids`, as in Vaswani et al. 2017. */
const LONGEST = 10_000;

/** times [N] → [N, width]: cosines and sines of each time at `width`/2 frequencies from 1 down to 1/10,000. */
export function sinusoids(times: Tensor, width: number): Tensor {
  if (width % 2 !== 0) fail('sinusoids', `the width must be even, not ${width}`, [times]);
  const half = width / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) => LONGEST ** (-i / half));
  const angles = mul(reshape(times, [-1, 1]), constant(frequencies, [1, half]));
  return concat([cos(angles), sin(angles)], 1);
}

/** times [N] → [N, 4·width], by two linear layers on the sinusoids. */
export function timeEmbedding(scope: Scope, times: Tensor, width: number): Tensor {
  const hidden = silu(linear(scope.at(0), sinusoids(times, width), 4 * width));
  return linear(scope.at(2), hidden, 4 * width);
}
