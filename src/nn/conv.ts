import { add, conv2d, type Tensor } from '../graph/index.ts';
import { fanIn, zeros } from './initialize.ts';
import type { Scope } from './scope.ts';

interface Options {
  /** Height and width of the kernel, odd; the padding keeps the image's size. Default 3. */
  readonly kernel?: number;
  readonly stride?: number;
  /** Added to the bias, [channels]. */
  readonly shift?: Tensor | undefined;
  /** Start at zero: the layer is silent until trained. */
  readonly zero?: boolean;
}

/** x [N, C, H, W] → [N, channels, H/stride, W/stride]. Parameters: weight [channels, C, k, k], bias [channels]. */
export function conv(scope: Scope, x: Tensor, channels: number, options: Options = {}): Tensor {
  const { kernel = 3, stride = 1, zero = false, shift } = options;
  const inputs = x.shape[1]!;
  const start = zero ? zeros : fanIn(inputs * kernel * kernel);
  const weight = scope.parameter('weight', [channels, inputs, kernel, kernel], start);
  const bias = scope.parameter('bias', [channels], start);
  const total = shift ? add(bias, shift) : bias;
  return conv2d(x, weight, { stride, padding: (kernel - 1) / 2, bias: total });
}
