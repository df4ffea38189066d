import {
  add,
  conv2d,
  fail,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  type Tensor,
} from '../graph/index.ts';
import { conv } from './conv.ts';
import { type Groups, norm } from './group-norm.ts';
import { fanIn } from './initialize.ts';
import type { Scope } from './scope.ts';

export interface AttentionOptions extends Groups {
  readonly heads: number;
  /**
   * How the 3·C channels of `qkv` lie: `headsFirst` is query, key and value of each head in turn;
   * `headsLast` all queries, all keys, all values. Trained weights belong to one of the two.
   */
  readonly order?: 'headsFirst' | 'headsLast';
  /** Without a norm before `qkv`: some have none in the middle. */
  readonly plain?: boolean;
  /** What the sum is multiplied by; default 1. */
  readonly sumScale?: number | undefined;
}

/**
 * Computes x + projection of self-attention over all positions of x [N, C, H, W] (Vaswani et al.
 * 2017). The projection starts at zero, so the block starts as the identity.
 */
export function attention(scope: Scope, x: Tensor, options: AttentionOptions): Tensor {
  const { heads, order = 'headsFirst', plain = false, sumScale } = options;
  const [batch, channels, height, width] = x.shape as readonly [number, number, number, number];
  if (channels % heads !== 0) fail('attention', `channels do not split into ${heads} heads`, [x]);
  const positions = height * width;
  const size = channels / heads;
  const normal = plain ? x : norm(scope.at('norm'), x, options);
  const place = scope.at('qkv');
  const weight = place.parameter('weight', [3 * channels, channels, 1, 1], fanIn(channels));
  const bias = place.parameter('bias', [3 * channels], fanIn(channels));
  // Three products rather than one cut in three: cutting weights is cheaper than cutting images.
  const [query, key, value] = [0, 1, 2].map((i) => {
    const scale = i === 0 ? 1 / Math.sqrt(size) : 1;
    const part = (all: Tensor) => mul(take(all, i, heads, order), scale);
    const made = conv2d(normal, part(weight), { bias: part(bias) });
    return reshape(made, [batch, heads, size, positions]);
  }) as [Tensor, Tensor, Tensor];
  const match = matMul(query, key, { transposeA: true });
  const mixed = matMul(value, softmax(match, -1), { transposeB: true });
  const merged = reshape(mixed, x.shape);
  const sum = add(x, conv(scope.at('proj_out'), merged, channels, { kernel: 1, zero: true }));
  return sumScale === undefined ? sum : mul(sum, sumScale);
}

/** The rows of `qkv`'s weight or bias that make queries (0), keys (1) or values (2): [C, ...]. */
function take(
  all: Tensor,
  which: number,
  heads: number,
  order: Required<AttentionOptions>['order'],
): Tensor {
  const [rows, ...rest] = all.shape as readonly [number, ...number[]];
  const channels = rows / 3;
  const axis = order === 'headsFirst' ? 1 : 0;
  const outer = order === 'headsFirst' ? [heads, 3] : [3, heads];
  const parts = reshape(all, [...outer, channels / heads, ...rest]);
  const from = parts.shape.map((_, at) => (at === axis ? which : 0));
  const to = parts.shape.map((length, at) => (at === axis ? which + 1 : length));
  return reshape(slice(parts, from, to), [channels, ...rest]);
}
