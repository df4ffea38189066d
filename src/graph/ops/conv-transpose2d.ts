import type { Emitter } from '../emitter.ts';
import { apply, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { blockedConv, canBlock } from './blocked-conv.ts';
import {
  type ConvOptions,
  checkConv,
  convSizes,
  type Geometry,
  geometryOf,
  padsOf,
} from './conv-shape.ts';
import { conv2d } from './conv2d.ts';
import { conv2dWeight } from './conv2d-weight.ts';

interface Options extends ConvOptions {
  /** Height and width of the result; default the smallest: (h − 1)·stride − 2·padding + kh. */
  readonly outputSize?: readonly [number, number];
}

interface Attributes extends Geometry {
  readonly outputSize: readonly [number, number];
}

const op: Op<Attributes> = {
  name: 'convTranspose2d',
  infer: (inputs, options) => {
    checkConv('convTranspose2d', inputs, options);
    const [y, w] = inputs as readonly [Tensor, Tensor];
    const [outputs, channels, ...kernel] = w.shape as readonly [number, number, number, number];
    if (y.shape[1] !== outputs) {
      fail(
        'convTranspose2d',
        `the input has ${y.shape[1]} channels, the weight takes ${outputs}`,
        inputs,
      );
    }
    const { outputSize } = options;
    if (convSizes(outputSize, kernel, options).join() !== y.shape.slice(2).join()) {
      const size = outputSize.join('×');
      fail('convTranspose2d', `an output of ${size} does not come from this input`, inputs);
    }
    return { shape: [y.shape[0]!, channels, ...outputSize], dtype: y.dtype };
  },
  gradient: ({ inputs, attributes: { stride, padding } }, cotangent) => {
    const [y, w] = inputs as readonly [Tensor, Tensor];
    return [
      conv2d(cotangent, w, { stride, padding }),
      conv2dWeight(cotangent, y, { stride, padding, kernel: [w.shape[2]!, w.shape[3]!] }),
    ];
  },
  lower: (emitter, [y, w], { inputs, attributes }) => {
    const { stride, padding, outputSize } = attributes;
    const [from, weight] = inputs as readonly [Tensor, Tensor];
    const kernel = weight.shape.slice(2);
    // At stride 1 this is a convolution with the kernel turned around, which the runtime does
    // faster.
    const pads = kernel.map((size, i) => size - 1 - padding[i]!);
    if (
      stride === 1 &&
      canBlock(emitter, y!, [weight.shape[1]!, weight.shape[0]!, ...kernel]) &&
      pads.every((count) => count >= 0)
    ) {
      const weightShape: Shape = [weight.shape[1]!, weight.shape[0]!, ...kernel];
      const turned = { kernel_shape: kernel, strides: [1, 1], pads: [...pads, ...pads] };
      const call = { x: y!, w: w!, turned: true, weightShape, attributes: turned };
      return blockedConv(emitter, call);
    }
    if (emitter.target === 'cpu' && isPointwise(attributes, kernel)) {
      return pointwise(emitter, y!, w!, inputs);
    }
    const extra = outputSize.map(
      (size, i) => size - ((from.shape[2 + i]! - 1) * stride - 2 * padding[i]! + kernel[i]!),
    );
    return emitter.node('ConvTranspose', [y!, w!], {
      attributes: {
        kernel_shape: kernel,
        strides: [stride, stride],
        pads: padsOf(attributes),
        output_padding: extra,
      },
    });
  },
};

const isPointwise = ({ stride, padding }: Geometry, kernel: Shape) =>
  stride === 1 && [...padding, ...kernel].join() === '0,0,1,1';

/** A 1×1 kernel: wᵀ [C, O] times y [N, O, h·w]. */
function pointwise(emitter: Emitter, y: string, w: string, inputs: readonly Tensor[]): string {
  const [batch, outputs, height, width] = inputs[0]!.shape as [number, number, number, number];
  const channels = inputs[1]!.shape[1]!;
  const matrix = emitter.node('Reshape', [w, emitter.ints([outputs, channels])]);
  const turned = emitter.node('Transpose', [matrix], { attributes: { perm: [1, 0] } });
  const columns = emitter.node('Reshape', [y, emitter.ints([batch, outputs, height * width])]);
  const product = emitter.node('MatMul', [turned, columns]);
  return emitter.node('Reshape', [product, emitter.ints([batch, channels, height, width])]);
}

/**
 * Applies the adjoint of `conv2d` in its input, also known as deconvolution: y [N, O, h, w],
 * w [O, C, kh, kw] → [N, C, H, W].
 */
export function convTranspose2d(y: Tensor, w: Tensor, options: Options = {}): Tensor {
  const { stride, padding } = geometryOf(options);
  const smallest = (i: 0 | 1) => (y.shape[2 + i]! - 1) * stride - 2 * padding[i] + w.shape[2 + i]!;
  const outputSize = options.outputSize ?? [smallest(0), smallest(1)];
  return apply(op, [y, w], { stride, padding, outputSize });
}
