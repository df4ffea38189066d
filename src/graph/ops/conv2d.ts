import type { AttributeValue } from '../emitter.ts';
import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { blockedConv, canBlock } from './blocked-conv.ts';
import { convTranspose2d } from './conv-transpose2d.ts';
import { conv2dWeight } from './conv2d-weight.ts';

export interface ConvOptions {
  /** Step between output pixels, the same for both axes. Default 1. */
  readonly stride?: number;
  /** Zeros on each side of both axes. Default 0. */
  readonly padding?: number;
}

const op: Op<Required<ConvOptions>> = {
  name: 'conv2d',
  infer: (inputs, { stride, padding }) => {
    const [x, w] = inputs as readonly [Tensor, Tensor];
    if (x.shape.length !== 4) fail('conv2d', 'the input must be [N, C, H, W]', inputs);
    if (w.shape.length !== 4) fail('conv2d', 'the weight must be [O, C, kh, kw]', inputs);
    if (x.shape[1] !== w.shape[1]) {
      fail(
        'conv2d',
        `the input has ${x.shape[1]} channels, the weight takes ${w.shape[1]}`,
        inputs,
      );
    }
    const size = (axis: number) =>
      Math.floor((x.shape[axis]! + 2 * padding - w.shape[axis]!) / stride) + 1;
    if (size(2) < 1 || size(3) < 1) fail('conv2d', 'the kernel is larger than the input', inputs);
    return { shape: [x.shape[0]!, w.shape[0]!, size(2), size(3)], dtype: x.dtype };
  },
  gradient: ({ inputs, attributes }, cotangent) => {
    const [x, w] = inputs as readonly [Tensor, Tensor];
    return [
      convTranspose2d(cotangent, w, { ...attributes, outputSize: [x.shape[2]!, x.shape[3]!] }),
      conv2dWeight(x, cotangent, { ...attributes, kernel: [w.shape[2]!, w.shape[3]!] }),
    ];
  },
  lower: (emitter, names, { inputs, attributes: { stride, padding } }) => {
    const [x, w] = inputs as readonly [Tensor, Tensor];
    const attributes: Record<string, AttributeValue> = {
      kernel_shape: w.shape.slice(2),
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    };
    return canBlock(emitter, x.shape[1]!)
      ? blockedConv(emitter, { x: names[0]!, w: names[1]!, weightShape: w.shape, attributes })
      : emitter.node('Conv', names, { attributes });
  },
};

/**
 * Two-dimensional convolution (cross-correlation, as the field writes it):
 * x [N, C, H, W], w [O, C, kh, kw] → [N, O, h, w] with h = ⌊(H + 2·padding − kh)/stride⌋ + 1.
 */
export function conv2d(x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor {
  return apply(op, [x, w], { stride: 1, padding: 0, ...options });
}
