import { add, conv2d, pad, type Tensor } from '../graph/index.ts';
import { fanIn, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

interface Options {
  /** Height and width of the kernel, odd; the padding keeps the image's size. Default 3. */
  readonly kernel?: number;
  readonly stride?: number;
  /**
   * Where the zeros of the padding are: on all sides (default), or only below and to the right; or
   * how many on all sides.
   */
  readonly padding?: 'around' | 'behind' | number;
  /** Added to the bias, [channels]. */
  readonly shift?: Tensor | undefined;
  /** Start at zero: the layer is silent until trained. */
  readonly zero?: boolean;
}

/**
 * Convolves x [N, C, H, W] → [N, channels, H/stride, W/stride]; with the padding behind that holds
 * of stride 2, and other numbers of zeros give other sizes. Parameters: weight [channels, C, k, k],
 * bias [channels].
 */
export function conv(scope: Scope, x: Tensor, channels: number, options: Options = {}): Tensor {
  const { kernel = 3, stride = 1, padding = 'around', zero = false, shift } = options;
  const inputs = x.shape[1]!;
  const start = zero ? zeros : fanIn(inputs * kernel * kernel);
  const weight = scope.parameter('weight', [channels, inputs, kernel, kernel], start);
  const bias = scope.parameter('bias', [channels], start);
  const total = shift ? add(bias, shift) : bias;
  const behind = (kernel - 1) / 2;
  if (padding !== 'behind') {
    const around = padding === 'around' ? behind : padding;
    return conv2d(x, weight, { stride, padding: around, bias: total });
  }
  const padded = pad(x, [0, 0, 0, 0], [0, 0, behind, behind]);
  return conv2d(padded, weight, { stride, bias: total });
}
