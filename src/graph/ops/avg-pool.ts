import { apply, constant, fail, type Op, type Tensor } from '../tensor.ts';
import type { ConvOptions } from './conv-shape.ts';
import { mul } from './mul.ts';
import { upsampleNearest } from './upsample-nearest.ts';
import {
  addToPixels,
  asSingles,
  emitPool,
  inferPool,
  insideAlong,
  type Window,
  windowOf,
} from './window.ts';

const op: Op<Window> = {
  name: 'avgPool',
  infer: ([x], window) => {
    const { size } = window;
    const type = inferPool('avgPool', x!, window);
    if (isTiling(window) && x!.shape.slice(2).some((length) => length % size !== 0)) {
      fail('avgPool', `takes [N, C, H, W] with H and W divisible by ${size}`, [x!]);
    }
    return type;
  },
  gradient: ({ inputs, attributes: window }, cotangent) => {
    const { shape } = inputs[0]!;
    const { size } = window;
    if (isTiling(window)) return [mul(upsampleNearest(cotangent, size), 1 / (size * size))];
    const [height, width] = cotangent.shape.slice(2) as [number, number];
    const rows = countsAlong(shape[2]!, 0, height, window);
    const columns = countsAlong(shape[3]!, 1, width, window);
    const share = rows.flatMap((row) => columns.map((column) => 1 / (row * column)));
    const shared = mul(cotangent, constant(share, [height, width]));
    const ones = constant(new Float32Array(size * size).fill(1), [1, 1, size, size]);
    return [addToPixels(asSingles(shared), ones, shape, window)];
  },
  lower: (emitter, [x], { output, attributes }) =>
    emitPool(emitter, 'AveragePool', x!, output.shape, attributes),
};

const isTiling = ({ size, stride, padding }: Window) =>
  size === stride && padding.every((count) => count === 0);

/** Pixels of the image in each window, along one axis. */
const countsAlong = (...place: Parameters<typeof insideAlong>) =>
  insideAlong(...place).map((inside) => inside.filter(Boolean).length);

/**
 * Takes the means over windows of size × size: [N, C, H, W] → [N, C, h, w],
 * h = ⌊(H + 2·padding − size)/stride⌋ + 1. Padding is at most half of `size` and is left out of the
 * means: each is over the pixels that the window holds. Without options windows are tiles, and H
 * and W must be whole numbers of them.
 */
export function avgPool(x: Tensor, size = 2, options: ConvOptions = {}): Tensor {
  const window = windowOf(size, options);
  if (!Number.isInteger(size) || size < 1) fail('avgPool', `size ${size} is not ≥ 1`, [x]);
  return size === 1 && isTiling(window) ? x : apply(op, [x], window);
}
