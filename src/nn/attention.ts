import { add, fail, matMul, mul, reshape, slice, softmax, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import type { Scope } from './scope.ts';

interface Options {
  readonly groups: number;
  readonly heads: number;
}

/**
 * x + projection of self-attention over all positions of x [N, C, H, W] (Vaswani et al. 2017).
 * The projection starts at zero, so the block starts as the identity.
 */
export function attention(scope: Scope, x: Tensor, { groups, heads }: Options): Tensor {
  const [batch, channels, height, width] = x.shape as readonly [number, number, number, number];
  if (channels % heads !== 0) fail('attention', `channels do not split into ${heads} heads`, [x]);
  const positions = height * width;
  const size = channels / heads;
  const together = conv(scope.at('qkv'), norm(scope.at('norm'), x, groups), 3 * channels, {
    kernel: 1,
  });
  const parts = reshape(together, [batch, 3, heads, size, positions]);
  const [query, key, value] = [0, 1, 2].map((i) =>
    reshape(slice(parts, [0, i, 0, 0, 0], [batch, i + 1, heads, size, positions]), [
      batch,
      heads,
      size,
      positions,
    ]),
  ) as [Tensor, Tensor, Tensor];
  const match = matMul(mul(query, 1 / Math.sqrt(size)), key, { transposeA: true });
  const mixed = matMul(value, softmax(match, -1), { transposeB: true });
  const merged = reshape(mixed, x.shape);
  return add(x, conv(scope.at('projection'), merged, channels, { kernel: 1, zero: true }));
}
