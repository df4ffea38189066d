import { add, fail, matMul, mul, reshape, slice, softmax, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { norm } from './group-norm.ts';
import type { Scope } from './scope.ts';

export interface AttentionOptions {
  readonly groups: number;
  readonly heads: number;
  /**
   * How the 3·C channels of `qkv` lie: `headsFirst` is query, key and value of each head in turn;
   * `headsLast` all queries, all keys, all values. Trained weights belong to one of the two.
   */
  readonly order?: 'headsFirst' | 'headsLast';
}

/**
 * x + projection of self-attention over all positions of x [N, C, H, W] (Vaswani et al. 2017).
 * The projection starts at zero, so the block starts as the identity.
 */
export function attention(scope: Scope, x: Tensor, options: AttentionOptions): Tensor {
  const { groups, heads, order = 'headsFirst' } = options;
  const [batch, channels, height, width] = x.shape as readonly [number, number, number, number];
  if (channels % heads !== 0) fail('attention', `channels do not split into ${heads} heads`, [x]);
  const positions = height * width;
  const size = channels / heads;
  const together = conv(scope.at('qkv'), norm(scope.at('norm'), x, groups), 3 * channels, {
    kernel: 1,
  });
  const parts = reshape(
    together,
    order === 'headsFirst'
      ? [batch, heads, 3, size, positions]
      : [batch, 3, heads, size, positions],
  );
  const axis = order === 'headsFirst' ? 2 : 1;
  const [query, key, value] = [0, 1, 2].map((i) => {
    const from = parts.shape.map((_, at) => (at === axis ? i : 0));
    const to = parts.shape.map((length, at) => (at === axis ? i + 1 : length));
    return reshape(slice(parts, from, to), [batch, heads, size, positions]);
  }) as [Tensor, Tensor, Tensor];
  const match = matMul(mul(query, 1 / Math.sqrt(size)), key, { transposeA: true });
  const mixed = matMul(value, softmax(match, -1), { transposeB: true });
  const merged = reshape(mixed, x.shape);
  return add(x, conv(scope.at('proj_out'), merged, channels, { kernel: 1, zero: true }));
}
