import { conv2d, pad, reshape, slice, type Tensor } from '../graph/index.ts';
import { fanIn, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

interface Options {
  /** Positions that the kernel takes, odd; the padding with zeros keeps the length. Default 1. */
  readonly kernel?: number;
  /** Positions from one that the kernel takes to the next. Default 1. */
  readonly dilation?: number;
  /** Start at zero: the layer is silent until trained. */
  readonly zero?: boolean;
}

/**
 * Convolves along a sequence, x [N, C, 1, L] → [N, channels, 1, L]. Parameters: weight [channels,
 * C, 1, k], bias [channels].
 *
 * At dilation r position i·r + j takes (i ± 1)·r + j: folded into [N, C, L/r, r] these are
 * neighbours along the third axis, and a plain convolution with a kernel [k, 1] does it.
 */
export function conv1d(scope: Scope, x: Tensor, channels: number, options: Options = {}): Tensor {
  const { kernel = 1, dilation = 1, zero = false } = options;
  const inputs = x.shape[1]!;
  const start = zero ? zeros : fanIn(inputs * kernel);
  const weight = scope.parameter('weight', [channels, inputs, 1, kernel], start);
  const bias = scope.parameter('bias', [channels], start);
  const side = (kernel - 1) / 2;
  if (dilation === 1 || kernel === 1) {
    return conv2d(x, weight, { padding: [0, side], bias });
  }
  const column = reshape(weight, [channels, inputs, kernel, 1]);
  const folded = conv2d(fold(x, dilation), column, { padding: [side, 0], bias });
  return unfold(folded, x.shape[3]!);
}

/** [N, C, 1, L] → [N, C, ⌈L/r⌉, r], zeros behind the end. */
function fold(x: Tensor, r: number): Tensor {
  const [n, channels, , length] = x.shape as [number, number, number, number];
  const rows = Math.ceil(length / r);
  const padded = pad(x, [0, 0, 0, 0], [0, 0, 0, rows * r - length]);
  return reshape(padded, [n, channels, rows, r]);
}

/** [N, C, h, r] → the first L positions, [N, C, 1, L]. */
function unfold(x: Tensor, length: number): Tensor {
  const [n, channels, rows, r] = x.shape as [number, number, number, number];
  const flat = reshape(x, [n, channels, 1, rows * r]);
  return rows * r === length ? flat : slice(flat, [0, 0, 0, 0], [n, channels, 1, length]);
}
