/** Random shapes, sizes and inputs that the cases of `op-cases.ts` are made of. */
import { constant, type Shape, sizeOf, type Tensor } from './tensor.ts';
import { type Draw, fed, normalInput } from './testing.ts';

/** Draws values of [low, high] with either sign: away from a kink at 0. */
export const offZero = (draw: Draw, shape: Shape, low = 0.2, high = 1.5) => {
  const sign = draw.normal(sizeOf(shape));
  return fed(
    shape,
    draw.uniform(sizeOf(shape), low, high).map((value, i) => Math.sign(sign[i]!) * value),
  );
};

/** Draws values above 0. */
export const positive = (draw: Draw, shape: Shape) =>
  fed(shape, draw.uniform(sizeOf(shape), 0.5, 1.5));

/** Draws tensors whose elements all differ from each other by 0.1 at least: away from every tie. */
export const distinct = (draw: Draw, ...shapes: readonly Shape[]) => {
  const sizes = shapes.map(sizeOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const order = draw.order(total);
  return shapes.map((shape, i) =>
    fed(
      shape,
      order.splice(0, sizes[i]!).map((rank) => 0.1 * (rank - total / 2)),
    ),
  ) as [Tensor, ...Tensor[]];
};

/** Draws a shape. */
export const shapeOf = (draw: Draw, least = 1, most = 3): number[] =>
  Array.from({ length: draw.integer(least, most) }, () => draw.integer(1, 4));

/** Draws the shape of images [N, C, H, W]. */
export const imageShape = (draw: Draw): [number, number, number, number] => [
  draw.integer(1, 2),
  draw.integer(1, 3),
  draw.integer(1, 4),
  draw.integer(1, 4),
];

/** Draws a shape [N, C, ...] with few channels, or as many as the CPU runtime keeps in blocks. */
export const perChannelShape = (draw: Draw) => [
  draw.integer(1, 2),
  draw.pick([1, 3, 16, 32]),
  ...draw.pick<Shape>([[], [3], [2, 3]]),
];

/** Draws two shapes that broadcast: equal, per channel, scalar, outer, fewer axes. */
export const broadcastPair = (draw: Draw): readonly [Shape, Shape] => {
  const [n, c, h, w] = imageShape(draw);
  const pair = draw.pick<readonly [Shape, Shape]>([
    [
      [c, h],
      [c, h],
    ],
    [
      [n, c, h, w],
      [c, 1, 1],
    ],
    [[n, c], []],
    [
      [c, 1],
      [1, w],
    ],
    [[n, c, h], [h]],
  ]);
  return draw.integer(0, 1) === 0 ? pair : [pair[1], pair[0]];
};

/** Draws normal values of a shape. */
export const normalOf = (draw: Draw, shape: Shape) => normalInput(draw, shape);

/** Draws a convolution's sizes: image, kernel, options and the size of its result. */
export const convolution = (draw: Draw) => {
  const [n, c, o] = [draw.integer(1, 2), draw.pick([1, 2, 3, 16]), draw.pick([1, 3, 4])];
  const kernel = draw.pick([1, 2, 3]);
  const [stride, padding] = [draw.integer(1, 2), draw.integer(0, 1)];
  const [h, w] = [draw.integer(3, 6), draw.integer(3, 6)];
  const after = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    image: [n, c, h, w],
    weight: [o, c, kernel, kernel],
    result: [n, o, after(h), after(w)],
    size: [h, w],
    kernel: [kernel, kernel],
    options: { stride, padding },
  } as const;
};

/**
 * Draws images for windows of 3 × 3, of few channels or of as many as the CPU runtime keeps in
 * blocks.
 */
export const slidingWindow = (draw: Draw) => ({
  shape: [draw.integer(1, 2), draw.pick([1, 3, 16]), draw.integer(3, 6), draw.integer(3, 6)],
  options: {
    stride: draw.integer(1, 2),
    padding: draw.pick([0, 1, [0, 1] as const]),
  },
});

/** Draws a table of indices into an axis, with repetitions. */
export const indicesInto = (draw: Draw, size: number, length: number) =>
  constant(BigInt64Array.from({ length }, () => BigInt(draw.integer(0, size - 1))));
