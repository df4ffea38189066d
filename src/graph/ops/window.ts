import type { Emitter } from '../emitter.ts';
import { checkFloat, fail, type Shape, type Tensor, type TensorType } from '../tensor.ts';
import { blockedNode, fromBlocks, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import {
  type ConvOptions,
  checkGeometry,
  convSizes,
  type Geometry,
  geometryOf,
  padsOf,
} from './conv-shape.ts';
import { convTranspose2d } from './conv-transpose2d.ts';
import { reshape } from './reshape.ts';

/** A square window that is moved over an image. */
export interface Window extends Geometry {
  /** Height and width. */
  readonly size: number;
}

/** Reads how windows lie: they are side by side unless `options` say otherwise. */
export const windowOf = (size: number, options: ConvOptions): Window => ({
  size,
  ...geometryOf({ stride: size, ...options }),
});

/** Applies the shape rule of pooling; every window must hold a pixel of the image. */
export function inferPool(op: string, x: Tensor, window: Window): TensorType {
  const { size, padding } = window;
  checkFloat(op, [x]);
  if (x.shape.length !== 4) fail(op, 'takes [N, C, H, W]', [x]);
  if (!Number.isInteger(size) || size < 1) fail(op, `size ${size} is not ≥ 1`, [x]);
  checkGeometry(op, [x], window);
  if (padding.some((count) => 2 * count > size)) {
    fail(op, `padding ${padding.join('×')} is more than half of size ${size}`, [x]);
  }
  const sizes = convSizes(x.shape.slice(2), [size, size], window);
  if (sizes.some((count) => count < 1)) fail(op, 'the window is larger than the input', [x]);
  return { shape: [...x.shape.slice(0, 2), ...sizes], dtype: x.dtype };
}

/**
 * Emits pooling by an ONNX operator, in blocks where the image comes in blocks. Padding counts
 * nowhere.
 */
export function emitPool(
  emitter: Emitter,
  op: 'AveragePool' | 'MaxPool',
  x: string,
  shape: Shape,
  window: Window,
): string {
  const { size, stride } = window;
  const attributes = {
    kernel_shape: [size, size],
    strides: [stride, stride],
    pads: padsOf(window),
  };
  if (!hasBlocks(emitter, shape) || !isBlocked(emitter, x)) {
    return emitter.node(op, [x], { attributes });
  }
  const pooled = blockedNode(emitter, op, [toBlocks(emitter, x)], attributes);
  return fromBlocks(emitter, pooled, shape[1]!);
}

/** Shows images [N, C, H, W] as images of one channel each, [N·C, 1, H, W]. */
export const asSingles = (x: Tensor): Tensor =>
  reshape(x, [x.shape[0]! * x.shape[1]!, 1, x.shape[2]!, x.shape[3]!]);

/**
 * Adds what belongs to each place of each window to the pixel below it: y [N·C, P, h, w] by a
 * kernel [P, 1, size, size] to `shape` [N, C, H, W]. What falls on the padding is lost.
 */
export function addToPixels(y: Tensor, kernel: Tensor, shape: Shape, window: Window): Tensor {
  const { stride, padding } = window;
  const outputSize = [shape[2]!, shape[3]!] as const;
  return reshape(convTranspose2d(y, kernel, { stride, padding, outputSize }), shape);
}

/** Tells, for each window along one axis, which of its places are inside the image. */
export function insideAlong(length: number, axis: 0 | 1, count: number, window: Window) {
  const { size, stride, padding } = window;
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: size }, (_, a) => {
      const at = i * stride + a - padding[axis];
      return at >= 0 && at < length;
    }),
  );
}
