import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import {
  type ConvOptions,
  checkConv,
  convSizes,
  type Geometry,
  geometryOf,
  padsOf,
} from './conv-shape.ts';
import { convTranspose2d } from './conv-transpose2d.ts';
import { conv2d } from './conv2d.ts';
import { chooseLanes, weightGradientByLanes } from './lane-weight-gradient.ts';
import {
  type ConvSizes,
  pointwiseWeightGradient,
  weightGradientByPatches,
  weightGradientByShifts,
} from './weight-gradient.ts';

interface Options extends ConvOptions {
  /** Height and width of the kernel. */
  readonly kernel: readonly [number, number];
}

interface Attributes extends Geometry {
  readonly kernel: readonly [number, number];
}

const op: Op<Attributes> = {
  name: 'conv2dWeight',
  infer: (inputs, options) => {
    checkConv('conv2dWeight', inputs, options);
    const [x, y] = inputs as readonly [Tensor, Tensor];
    if (x.shape[0] !== y.shape[0]) fail('conv2dWeight', 'the batches differ', inputs);
    const { kernel } = options;
    if (convSizes(x.shape.slice(2), kernel, options).join() !== y.shape.slice(2).join()) {
      const size = kernel.join('×');
      fail('conv2dWeight', `a ${size} kernel does not make the second from the first`, inputs);
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
  lower: (emitter, [x, y], { inputs, attributes }) => {
    const { stride, kernel } = attributes;
    if (emitter.target === 'cpu') {
      const operands = { x: x!, y: y!, sizes: sizesOf(inputs, attributes) };
      if (isPointwise(attributes)) return pointwiseWeightGradient(emitter, operands);
      if (stride !== 1) return weightGradientByPatches(emitter, operands);
      const lanes = chooseLanes(emitter, operands.sizes);
      if (lanes) return weightGradientByLanes(emitter, operands, lanes);
      return weightGradientByShifts(emitter, operands);
    }
    // A convolution in which batch and channels change places: y is the kernel, spread by the
    // stride.
    const swap = { attributes: { perm: [1, 0, 2, 3] } };
    const swapped = [x!, y!].map((name) => emitter.node('Transpose', [name], swap));
    const wide = emitter.node('Conv', swapped, {
      attributes: {
        kernel_shape: inputs[1]!.shape.slice(2),
        dilations: [stride, stride],
        pads: padsOf(attributes),
      },
    });
    const [zeros, ends, axes] = [[0, 0], kernel, [2, 3]].map((values) => emitter.ints(values));
    const cut = emitter.node('Slice', [wide, zeros!, ends!, axes!]);
    return emitter.node('Transpose', [cut], swap);
  },
};

const isPointwise = ({ stride, padding, kernel }: Attributes) =>
  stride === 1 && [...padding, ...kernel].join() === '0,0,1,1';

function sizesOf(inputs: readonly Tensor[], { stride, padding, kernel }: Attributes): ConvSizes {
  const [n, c, h, w] = inputs[0]!.shape as readonly [number, number, number, number];
  const [, o, outH, outW] = inputs[1]!.shape as readonly [number, number, number, number];
  return { n, c, h, w, o, outH, outW, kh: kernel[0], kw: kernel[1], stride, padding };
}

/**
 * Applies the adjoint of `conv2d` in its weight: x [N, C, H, W], y [N, O, h, w] → [O, C, kh, kw],
 * Σ over the batch and all positions of y times the patch of x it was computed from.
 */
export function conv2dWeight(x: Tensor, y: Tensor, options: Options): Tensor {
  return apply(op, [x, y], { ...geometryOf(options), kernel: options.kernel });
}
