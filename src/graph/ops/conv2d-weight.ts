import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { convTranspose2d } from './conv-transpose2d.ts';
import { type ConvOptions, conv2d } from './conv2d.ts';

interface Options extends ConvOptions {
  /** Height and width of the kernel. */
  readonly kernel: readonly [number, number];
}

const op: Op<Required<Options>> = {
  name: 'conv2dWeight',
  infer: (inputs, { kernel }) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
    if (x.shape.length !== 4 || y.shape.length !== 4 || x.shape[0] !== y.shape[0]) {
      fail('conv2dWeight', 'takes [N, C, H, W] and [N, O, h, w]', inputs);
    }
    return { shape: [y.shape[1]!, x.shape[1]!, ...kernel], dtype: x.dtype };
  },
  gradient: ({ inputs, attributes: { stride, padding } }, cotangent) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
    const outputSize = [x.shape[2]!, x.shape[3]!] as const;
    return [
      convTranspose2d(y, cotangent, { stride, padding, outputSize }),
      conv2d(x, cotangent, { stride, padding }),
    ];
  },
  lower: (emitter, [x, y], { inputs, attributes: { stride, padding, kernel } }) => {
    // A convolution in which batch and channels change places: y is the kernel, spread by the stride.
    const swap = { attributes: { perm: [1, 0, 2, 3] } };
    const wide = emitter.node(
      'Conv',
      [emitter.node('Transpose', [x!], swap), emitter.node('Transpose', [y!], swap)],
      {
        attributes: {
          kernel_shape: inputs[1]!.shape.slice(2),
          dilations: [stride, stride],
          pads: [padding, padding, padding, padding],
        },
      },
    );
    const cut = emitter.node('Slice', [
      wide,
      emitter.ints([0, 0]),
      emitter.ints(kernel),
      emitter.ints([2, 3]),
    ]);
    return emitter.node('Transpose', [cut], swap);
  },
};

/**
 * The adjoint of `conv2d` in its weight: x [N, C, H, W], y [N, O, h, w] → [O, C, kh, kw],
 * Σ over the batch and all positions of y times the patch of x it was computed from.
 */
export function conv2dWeight(x: Tensor, y: Tensor, options: Options): Tensor {
  return apply(op, [x, y], { stride: 1, padding: 0, ...options });
}
