import { add, mul, reshape, silu, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { dropout } from './dropout.ts';
import { type Groups, type Modulation, norm } from './group-norm.ts';
import { linear } from './linear.ts';
import { type Resample, resize } from './resample.ts';
import type { Scope } from './scope.ts';
import { modulation } from './told.ts';

export interface ResBlockOptions extends Groups, Resample {
  /** Embedding [1, E] of all examples, or [N, E] of each; none by default. */
  readonly embedding?: Tensor | undefined;
  /** The embedding scales and shifts the second norm; otherwise it is added before that norm. */
  readonly scaleShiftNorm?: boolean;
  /** Share of activations set to zero while training. */
  readonly dropout?: number;
  /** Halve or double the resolution inside the block. */
  readonly resample?: 'down' | 'up';
  /** A block that changes the resolution has the 1×1 convolution of its skip in any case. */
  readonly projected?: boolean;
  /** What the sum is multiplied by; default 1. */
  readonly sumScale?: number | undefined;
}

/**
 * Computes skip(x) + conv(dropout(silu(norm(conv(silu(norm(x))))))): the block of Dhariwal & Nichol
 * 2021, with the parameter names of their code. The last convolution starts at zero, so the block
 * starts as its skip: the identity, or a 1×1 convolution where the number of channels changes.
 */
export function resBlock(
  scope: Scope,
  x: Tensor,
  channels: number,
  options: ResBlockOptions,
): Tensor {
  const { resample, projected = false, sumScale } = options;
  const sized = (h: Tensor) => (resample ? resize(h, resample, options) : h);
  const into = scope.at('in_layers');
  const out = scope.at('out_layers');
  const start = sized(silu(norm(into.at(0), x, options)));
  const { shift, shifts, modulation } = embed(scope.at('emb_layers').at(1), channels, options);
  const first = conv(into.at(2), start, channels, { shift });
  const moved = shifts ? add(first, shifts) : first;
  const activated = silu(norm(out.at(0), moved, options, modulation));
  const dropped = dropout(scope, activated, options.dropout ?? 0);
  const second = conv(out.at(3), dropped, channels, { zero: true });
  const carried = sized(x);
  const isSame = x.shape[1] === channels && !(projected && resample);
  const skip = isSame
    ? carried
    : conv(scope.at('skip_connection'), carried, channels, { kernel: 1 });
  const sum = add(skip, second);
  return sumScale === undefined ? sum : mul(sum, sumScale);
}

/** What the embedding does to the first convolution's result h. */
interface Embedded {
  /** Added to h, [channels], the same for all examples: part of the convolution's bias. */
  readonly shift?: Tensor;
  /** Added to h, [N, channels, 1, 1]. */
  readonly shifts?: Tensor;
  /** Scale and shift of h's norm. */
  readonly modulation?: Modulation;
}

function embed(
  scope: Scope,
  channels: number,
  { embedding, scaleShiftNorm = false }: ResBlockOptions,
): Embedded {
  if (!embedding) return {};
  const active = silu(embedding);
  if (scaleShiftNorm) return { modulation: modulation(scope, active, channels) };
  const projected = linear(scope, active, channels);
  const rows = embedding.shape[0]!;
  if (rows === 1) return { shift: reshape(projected, [channels]) };
  return { shifts: reshape(projected, [rows, channels, 1, 1]) };
}
