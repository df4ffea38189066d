/** Convolutions and their two adjoints against plain loops. */
import { describe, expect, test } from 'vitest';
import { grad } from '../gradient.ts';
import { constant, type Shape, type Tensor } from '../tensor.ts';
import {
  createDraw,
  evaluate,
  expectClose,
  fed,
  lowered,
  normalInput,
  valuesOf,
} from '../testing.ts';
import { convTranspose2d } from './conv-transpose2d.ts';
import { conv2d } from './conv2d.ts';
import { conv2dWeight } from './conv2d-weight.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduce-sum.ts';
import { type Shape4, type Sizes, sizesOf, sumProducts } from './testing.ts';

// The CPU runtime has a blocked path for channel counts below its block (8 or 16) or multiples of
// it, and an ordinary one; the counts here meet both, with whole and partly filled output blocks.
const channelPairs = [
  [1, 1],
  [3, 5],
  [3, 16],
  [8, 24],
  [16, 16],
  [16, 3],
  [24, 16],
  [32, 40],
] as const;

const geometries = [
  { batch: 2, kernel: [1, 1], stride: 1, padding: 0, size: [4, 5] },
  { batch: 1, kernel: [1, 1], stride: 2, padding: 0, size: [5, 4] },
  { batch: 2, kernel: [1, 1], stride: 1, padding: 1, size: [3, 3] },
  { batch: 3, kernel: [3, 3], stride: 1, padding: 1, size: [5, 7] },
  { batch: 1, kernel: [3, 3], stride: 1, padding: 0, size: [3, 4] },
  { batch: 9, kernel: [3, 3], stride: 2, padding: 1, size: [7, 6] },
  { batch: 2, kernel: [2, 3], stride: 1, padding: 2, size: [4, 4] },
  { batch: 4, kernel: [3, 3], stride: 3, padding: 0, size: [8, 7] },
  { batch: 2, kernel: [1, 7], stride: 1, padding: [0, 3], size: [4, 5] },
  { batch: 16, kernel: [3, 1], stride: 1, padding: [1, 0], size: [4, 3] },
  { batch: 2, kernel: [3, 2], stride: 2, padding: [0, 1], size: [5, 6] },
] as const;

describe.each(channelPairs)('%i to %i channels', (channels, outputs) => {
  test.each(geometries)(
    'batch $batch, kernel $kernel, stride $stride, padding $padding, image $size',
    async ({ batch, kernel, stride, padding, size }) => {
      const sizes = sizesOf(
        [batch, channels, ...size],
        [outputs, channels, ...kernel],
        stride,
        padding,
      );
      const draw = createDraw(channels * 100 + outputs);
      const [x, w, y] = [sizes.x, sizes.w, sizes.y].map((shape) => normalInput(draw, shape)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const bias = normalInput(draw, [outputs]);
      const options = { stride, padding };
      const tensors = {
        forward: conv2d(x, w, options),
        biased: conv2d(x, w, { ...options, bias }),
        backward: convTranspose2d(y, w, { ...options, outputSize: size }),
        weight: conv2dWeight(x, y, { ...options, kernel }),
      };
      expect(tensors.forward.shape).toEqual(sizes.y);
      expect(tensors.backward.shape).toEqual(sizes.x);
      expect(tensors.weight.shape).toEqual(sizes.w);
      const result = await evaluate(tensors);
      const [vx, vw, vy] = [valuesOf(x), valuesOf(w), valuesOf(y)];
      const forward = sumProducts(sizes, 'y', vx, vw);
      const area = sizes.y[2] * sizes.y[3];
      const biased = forward.map((v, i) => v + valuesOf(bias)[Math.floor(i / area) % outputs]!);
      expectClose(result.forward, forward);
      expectClose(result.biased, biased);
      expectClose(result.backward, sumProducts(sizes, 'x', vy, vw));
      expectClose(result.weight, sumProducts(sizes, 'w', vx, vy));
    },
  );
});

test('without outputSize the transpose has the smallest size', async () => {
  const draw = createDraw(8);
  const [y, w] = [normalInput(draw, [1, 2, 3, 2]), normalInput(draw, [2, 3, 3, 3])];
  const sizes = sizesOf([1, 3, 5, 3], [2, 3, 3, 3], 2, 1);
  const x = convTranspose2d(y, w, { stride: 2, padding: 1 });
  expect(x.shape).toEqual(sizes.x);
  const result = await evaluate({ x });
  expectClose(result.x, sumProducts(sizes, 'x', valuesOf(y), valuesOf(w)));
});

test('one weight in two convolutions of unlike sizes', async () => {
  const draw = createDraw(9);
  const shapes: Shape[] = [
    [1, 16, 6, 6],
    [3, 16, 4, 5],
    [16, 16, 3, 3],
  ];
  const [a, b, w] = shapes.map((shape) => normalInput(draw, shape)) as [Tensor, Tensor, Tensor];
  const [ya, yb] = [a, b].map((x) => conv2d(x, w, { padding: 1 })) as [Tensor, Tensor];
  const loss = reduceSum(mul(reduceSum(mul(ya, ya)), reduceSum(yb)));
  const [gradient] = grad(loss, [w]) as [Tensor];
  const result = await evaluate({ ya, yb, gradient });
  // d/dw Σya²·Σyb = 2·Σyb·(ya ⋆ a) + Σya²·(1 ⋆ b).
  const [sa, sb] = [a, b].map((x) =>
    sizesOf(x.shape as unknown as Shape4, [16, 16, 3, 3], 1, 1),
  ) as [Sizes, Sizes];
  const [va, vb, vw] = [a, b, w].map(valuesOf) as [Float32Array, Float32Array, Float32Array];
  const [fa, fb] = [sumProducts(sa, 'y', va, vw), sumProducts(sb, 'y', vb, vw)];
  const squares = fa.reduce((sum, value) => sum + value * value, 0);
  const total = fb.reduce((sum, value) => sum + value, 0);
  const fromA = sumProducts(sa, 'w', va, Float32Array.from(fa));
  const fromB = sumProducts(sb, 'w', vb, new Float32Array(fb.length).fill(1));
  expectClose(result.ya, fa);
  expectClose(result.yb, fb);
  expectClose(
    result.gradient,
    fromA.map((value, i) => 2 * total * value + squares * fromB[i]!),
  );
});

test('weights that never change are left to the runtime, which brings them to blocks itself', async () => {
  const draw = createDraw(4);
  const x = normalInput(draw, [1, 16, 4, 4]);
  const shape = [16, 16, 3, 3];
  const values = draw.normal(16 * 16 * 9);
  const fixed = constant(values, shape);
  const outputs = {
    changing: conv2d(x, fed(shape, values), { padding: 1 }),
    fixed: conv2d(x, mul(fixed, 1), { padding: 1 }),
  };
  const { changing, fixed: made } = await evaluate(outputs);
  expectClose(made, changing);
  const { nodes } = await lowered({ y: outputs.fixed });
  expect(nodes.map(({ op, domain }) => `${domain}${op}`)).toEqual(['Mul', 'Conv']);
});
