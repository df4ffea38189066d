import type { AttributeValue } from '../onnx.ts';
import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { blockedConv, canBlock } from './blocked-conv.ts';
import { isBlocked } from './blocks.ts';
import { channelSums } from './channel-sums.ts';
import {
  type ConvOptions,
  checkConv,
  convSizes,
  type Geometry,
  geometryOf,
  padsOf,
} from './conv-shape.ts';
import { convTranspose2d } from './conv-transpose2d.ts';
import { conv2dWeight } from './conv2d-weight.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';

interface Conv2dOptions extends ConvOptions {
  /** Added to each output channel, [O]. */
  readonly bias?: Tensor;
}

const op: Op<Geometry> = {
  name: 'conv2d',
  infer: (inputs, geometry) => {
    checkConv('conv2d', inputs, geometry);
    const [x, w, bias] = inputs as readonly [Tensor, Tensor, Tensor | undefined];
    const [outputs, channels, ...kernel] = w.shape as readonly [number, number, number, number];
    if (x.shape[1] !== channels) {
      fail('conv2d', `the input has ${x.shape[1]} channels, the weight takes ${channels}`, inputs);
    }
    if (bias && bias.shape.join() !== `${outputs}`) {
      fail('conv2d', `the bias must be [${outputs}]`, inputs);
    }
    const sizes = convSizes(x.shape.slice(2), kernel, geometry);
    if (sizes.some((size) => size < 1))
      fail('conv2d', 'the kernel is larger than the input', inputs);
    return { shape: [x.shape[0]!, outputs, ...sizes], dtype: x.dtype };
  },
  gradient: ({ inputs, attributes }, cotangent) => {
    const [x, w, bias] = inputs as readonly [Tensor, Tensor, Tensor | undefined];
    return [
      convTranspose2d(cotangent, w, { ...attributes, outputSize: [x.shape[2]!, x.shape[3]!] }),
      conv2dWeight(x, cotangent, { ...attributes, kernel: [w.shape[2]!, w.shape[3]!] }),
      bias && reshape(reduceSum(channelSums(cotangent), 0), bias.shape),
    ];
  },
  lower: (emitter, names, { inputs, attributes: geometry }) => {
    const { shape } = inputs[1]!;
    const attributes: Record<string, AttributeValue> = {
      kernel_shape: shape.slice(2),
      strides: [geometry.stride, geometry.stride],
      pads: padsOf(geometry),
    };
    const [x, w, bias] = names as readonly [string, string, string | undefined];
    // The runtime brings weights that never change to blocks by itself, rectifiers along with them.
    const blocked = !isConstant(inputs[1]!) || isBlocked(emitter, x);
    if (!blocked || !canBlock(emitter, x, shape))
      return emitter.node('Conv', names, { attributes });
    return blockedConv(emitter, { x, w, bias, weightShape: shape, attributes });
  },
};

/** Whether a tensor is made of constants alone. Graphs are too deep for a recursion. */
function isConstant(tensor: Tensor): boolean {
  const reached = new Set([tensor]);
  for (const { source, inputs } of reached) {
    if (source.kind === 'input') return false;
    for (const from of inputs) reached.add(from);
  }
  return true;
}

/**
 * Convolves in two dimensions (cross-correlation, as the field writes it):
 * x [N, C, H, W], w [O, C, kh, kw] → [N, O, h, w] with h = ⌊(H + 2·padding − kh)/stride⌋ + 1.
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor {
  const { bias, ...rest } = options;
  return apply(op, bias ? [x, w, bias] : [x, w], geometryOf(rest));
}
