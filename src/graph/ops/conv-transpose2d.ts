import { apply, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { blockedConv, canBlock } from './blocked-conv.ts';
import { type ConvOptions, conv2d } from './conv2d.ts';
import { conv2dWeight } from './conv2d-weight.ts';

interface Options extends ConvOptions {
  /** Height and width of the result; default the smallest: (h − 1)·stride − 2·padding + kh. */
  readonly outputSize?: readonly [number, number];
}

const op: Op<Required<Options>> = {
  name: 'convTranspose2d',
  infer: (inputs, { outputSize, stride, padding }) => {
    const [y, w] = inputs as readonly [Tensor, Tensor];
    if (y.shape.length !== 4 || w.shape.length !== 4) {
      fail('convTranspose2d', 'takes [N, O, h, w] and a weight [O, C, kh, kw]', inputs);
    }
    if (y.shape[1] !== w.shape[0]) {
      fail(
        'convTranspose2d',
        `the input has ${y.shape[1]} channels, the weight takes ${w.shape[0]}`,
        inputs,
      );
    }
    outputSize.forEach((size, i) => {
      const forward = Math.floor((size + 2 * padding - w.shape[2 + i]!) / stride) + 1;
      if (forward !== y.shape[2 + i]) {
        fail(
          'convTranspose2d',
          `an output of ${outputSize.join('×')} does not come from this input`,
          inputs,
        );
      }
    });
    return { shape: [y.shape[0]!, w.shape[1]!, ...outputSize], dtype: y.dtype };
  },
  gradient: ({ inputs, attributes: { stride, padding } }, cotangent) => {
    const [y, w] = inputs as readonly [Tensor, Tensor];
    return [
      conv2d(cotangent, w, { stride, padding }),
      conv2dWeight(cotangent, y, { stride, padding, kernel: [w.shape[2]!, w.shape[3]!] }),
    ];
  },
  lower: (emitter, [y, w], { inputs, attributes: { stride, padding, outputSize } }) => {
    const [from, weight] = inputs as readonly [Tensor, Tensor];
    const kernel = weight.shape.slice(2);
    // At stride 1 this is a convolution with the kernel turned around, which the runtime does faster.
    const pads = kernel.map((size) => size - 1 - padding);
    if (stride === 1 && canBlock(emitter, from.shape[1]!) && pads.every((count) => count >= 0)) {
      const minus = emitter.ints([-1, -1]);
      const turned = kernel.every((size) => size === 1)
        ? w!
        : emitter.node('Slice', [
            w!,
            minus,
            emitter.ints([-1000, -1000]),
            emitter.ints([2, 3]),
            minus,
          ]);
      const swapped = emitter.node('Transpose', [turned], { attributes: { perm: [1, 0, 2, 3] } });
      const weightShape: Shape = [weight.shape[1]!, weight.shape[0]!, ...kernel];
      const attributes = { kernel_shape: kernel, strides: [1, 1], pads: [...pads, ...pads] };
      return blockedConv(emitter, { x: y!, w: swapped, weightShape, attributes });
    }
    const extra = outputSize.map(
      (size, i) => size - ((from.shape[2 + i]! - 1) * stride - 2 * padding + kernel[i]!),
    );
    return emitter.node('ConvTranspose', [y!, w!], {
      attributes: {
        kernel_shape: kernel,
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        output_padding: extra,
      },
    });
  },
};

/**
 * The adjoint of `conv2d` in its input, also known as deconvolution: y [N, O, h, w],
 * w [O, C, kh, kw] → [N, C, H, W].
 */
export function convTranspose2d(y: Tensor, w: Tensor, options: Options = {}): Tensor {
  const { stride = 1, padding = 0 } = options;
  const smallest = (axis: number) => (y.shape[axis]! - 1) * stride - 2 * padding + w.shape[axis]!;
  const outputSize = options.outputSize ?? [smallest(2), smallest(3)];
  return apply(op, [y, w], { stride, padding, outputSize });
}
