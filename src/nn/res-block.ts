import { add, reshape, silu, slice, type Tensor } from '../graph/index.ts';
import { conv } from './conv.ts';
import { dropout } from './dropout.ts';
import { type Modulation, norm } from './group-norm.ts';
import { linear } from './linear.ts';
import { halve, repeat } from './resample.ts';
import type { Scope } from './scope.ts';

export interface ResBlockOptions {
  readonly groups: number;
  /** Embedding [1, E] of all examples, or [N, E] of each; none by default. */
  readonly embedding?: Tensor | undefined;
  /** The embedding scales and shifts the second norm; otherwise it is added before that norm. */
  readonly scaleShiftNorm?: boolean;
  /** Share of activations set to zero while training. */
  readonly dropout?: number;
  /** Halve or double the resolution inside the block. */
  readonly resample?: 'down' | 'up';
}

/**
 * skip(x) + conv(dropout(silu(norm(conv(silu(norm(x))))))): the block of Dhariwal & Nichol 2021,
 * with the parameter names of their code. The last convolution starts at zero, so the block starts
 * as its skip: the identity, or a 1×1 convolution where the number of channels changes.
 */
export function resBlock(
  scope: Scope,
  x: Tensor,
  channels: number,
  options: ResBlockOptions,
): Tensor {
  const { groups, resample } = options;
  const resize = { down: halve, up: repeat };
  const sized = (h: Tensor) => (resample ? resize[resample](h) : h);
  const into = scope.at('in_layers');
  const out = scope.at('out_layers');
  const start = sized(silu(norm(into.at(0), x, groups)));
  const { shift, shifts, modulation } = embed(scope.at('emb_layers').at(1), channels, options);
  const first = conv(into.at(2), start, channels, { shift });
  const moved = shifts ? add(first, shifts) : first;
  const activated = silu(norm(out.at(0), moved, groups, modulation));
  const dropped = dropout(scope, activated, options.dropout ?? 0);
  const second = conv(out.at(3), dropped, channels, { zero: true });
  const carried = sized(x);
  if (x.shape[1] === channels) return add(carried, second);
  return add(conv(scope.at('skip_connection'), carried, channels, { kernel: 1 }), second);
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
  const rows = embedding.shape[0]!;
  const projected = linear(scope, silu(embedding), scaleShiftNorm ? 2 * channels : channels);
  if (!scaleShiftNorm) {
    if (rows === 1) return { shift: reshape(projected, [channels]) };
    return { shifts: reshape(projected, [rows, channels, 1, 1]) };
  }
  const [scale, shift] = [0, 1].map((i) =>
    slice(projected, [0, i * channels], [rows, (i + 1) * channels]),
  ) as [Tensor, Tensor];
  return { modulation: { scale, shift } };
}
