import { add, silu, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import type { Scope } from './scope.ts';

interface Options {
  readonly groups: number;
}

/**
 * x + conv(silu(norm(conv(silu(norm(x)))))), the pre-activation block of He et al. 2016 with group
 * normalisation. The second convolution starts at zero, so the block starts as the identity.
 * A 1×1 convolution carries x across where the number of channels changes.
 */
export function residualBlock(
  scope: Scope,
  x: Tensor,
  channels: number,
  { groups }: Options,
): Tensor {
  const first = conv(scope.at('conv1'), silu(norm(scope.at('norm1'), x, groups)), channels);
  const activated = silu(norm(scope.at('norm2'), first, groups));
  const second = conv(scope.at('conv2'), activated, channels, { zero: true });
  const skip = x.shape[1] === channels ? x : conv(scope.at('skip'), x, channels, { kernel: 1 });
  return add(skip, second);
}
