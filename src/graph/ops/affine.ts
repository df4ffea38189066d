import type { Emitter } from '../emitter.ts';
import { apply, checkFloat, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { blockedNode, fromBlocks, hasBlocks, toBlocks } from './blocks.ts';
import { channelDots } from './channel-dots.ts';
import { channelSums } from './channel-sums.ts';

const op: Op = {
  name: 'affine',
  infer: (inputs) => {
    checkFloat('affine', inputs);
    const [x, ...factors] = inputs as readonly [Tensor, ...Tensor[]];
    const expected = x.shape.slice(0, 2);
    if (x.shape.length < 2) fail('affine', 'takes [N, C, ...]', inputs);
    if (factors.some(({ shape }) => shape.join() !== expected.join())) {
      fail('affine', `scale and shift must be [${expected.join(', ')}]`, inputs);
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  gradient: ({ inputs }, cotangent) => {
    const [x, scale, shift] = inputs as readonly [Tensor, Tensor, Tensor | undefined];
    const ofScale = channelDots(cotangent, x);
    const ofX = affine(cotangent, scale);
    return shift ? [ofX, ofScale, channelSums(cotangent)] : [ofX, ofScale];
  },
  lower: (emitter, names, { inputs }) => {
    const { shape } = inputs[0]!;
    const [x, scale, shift] = names as readonly [string, string, string | undefined];
    return emitAffine(emitter, x, shape, scale, shift);
  },
};

/**
 * Computes x·scale + shift of x [N, C, ...] with one scale and one shift, [N, C] each, for every
 * channel of every example.
 */
export function affine(x: Tensor, scale: Tensor, shift?: Tensor): Tensor {
  return apply(op, shift ? [x, scale, shift] : [x, scale], undefined);
}

/**
 * Emits the nodes of `affine`: on blocks, a 1×1 convolution by channel, which takes one pass over
 * memory.
 */
export function emitAffine(
  emitter: Emitter,
  x: string,
  shape: Shape,
  scale: string,
  shift: string | undefined,
): string {
  if (!hasBlocks(emitter, shape)) {
    const perChannel = emitter.ints([shape[0]!, shape[1]!, ...shape.slice(2).map(() => 1)]);
    const spread = (name: string) => emitter.node('Reshape', [name, perChannel]);
    const scaled = emitter.node('Mul', [x, spread(scale)]);
    return shift === undefined ? scaled : emitter.node('Add', [scaled, spread(shift)]);
  }
  const [batch, channels, height, width] = shape as readonly [number, number, number, number];
  // Every channel of every example is a channel of one large image.
  const all = batch * channels;
  const view = (name: string, to: readonly number[]) =>
    emitter.node('Reshape', [name, emitter.ints(to)]);
  const operands = [
    view(toBlocks(emitter, x), [1, all, height, width]),
    view(scale, [all, 1, 1, 1]),
    ...(shift === undefined ? [] : [view(shift, [all])]),
  ];
  const attributes = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], group: all };
  const made = blockedNode(emitter, 'Conv', operands, attributes);
  return fromBlocks(emitter, view(made, [batch, channels, height, width]), channels);
}
