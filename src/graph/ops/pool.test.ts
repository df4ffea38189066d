/** Pooling against plain loops, on ordinary images and on those in blocks. */
import { describe, test } from 'vitest';
import { grad } from '../gradient.ts';
import type { Tensor } from '../tensor.ts';
import {
  createDraw,
  evaluate,
  evaluatePortable,
  expectClose,
  fed,
  indexOf,
  normalInput,
  positions,
  valuesOf,
} from '../testing.ts';
import { avgPool } from './avg-pool.ts';
import { conv2d } from './conv2d.ts';
import { maxPool } from './max-pool.ts';
import { reduceSum } from './reduce-sum.ts';

interface Windows {
  readonly size: number;
  readonly stride: number;
  readonly padding: readonly [number, number];
}

/** What `summary` makes of the pixels under each window. */
function pooled(
  x: Tensor,
  values: ArrayLike<number>,
  y: Tensor,
  { size, stride, padding }: Windows,
  summary: (pixels: readonly number[]) => number,
): number[] {
  const [, , height, width] = x.shape as [number, number, number, number];
  const places = positions([size, size]);
  return positions(y.shape).map(([n, c, i, j]) => {
    const pixels = places.flatMap(([a, b]) => {
      const [row, column] = [i! * stride + a! - padding[0], j! * stride + b! - padding[1]];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      return inside ? [values[indexOf(x.shape, [n!, c!, row, column])]!] : [];
    });
    return summary(pixels);
  });
}

const mean = (pixels: readonly number[]) => pixels.reduce((sum, v) => sum + v, 0) / pixels.length;

const windows: readonly Windows[] = [
  { size: 3, stride: 1, padding: [1, 1] },
  { size: 3, stride: 2, padding: [0, 0] },
  { size: 3, stride: 2, padding: [1, 0] },
  { size: 2, stride: 2, padding: [0, 0] },
  { size: 1, stride: 2, padding: [0, 0] },
  { size: 4, stride: 3, padding: [2, 1] },
];

describe.each(windows)('size $size, stride $stride, padding $padding', (window) => {
  const { size, ...options } = window;

  test.each([3, 16, 32])('%i channels', async (channels) => {
    const draw = createDraw(channels + size);
    const x = normalInput(draw, [2, channels, 6, 8]);
    const largest = maxPool(x, size, options);
    const means = avgPool(x, size, options);
    // A convolution hands its image on in blocks, where channels are whole ones.
    const w = normalInput(draw, [channels, channels, 3, 3]);
    const made = conv2d(x, w, { padding: 1 });
    const outputs = {
      largest,
      means,
      made,
      madeLargest: maxPool(made, size, options),
      madeMeans: avgPool(made, size, options),
    };
    for (const run of [evaluate, evaluatePortable]) {
      const result = await run(outputs);
      const of = (values: ArrayLike<number>, summary: (pixels: readonly number[]) => number) =>
        pooled(x, values, largest, window, summary);
      expectClose(
        result.largest,
        of(valuesOf(x), (pixels) => Math.max(...pixels)),
      );
      expectClose(result.means, of(valuesOf(x), mean));
      expectClose(
        result.madeLargest,
        of(result.made, (pixels) => Math.max(...pixels)),
      );
      expectClose(result.madeMeans, of(result.made, mean));
    }
  });
});

test('equal pixels share the gradient of their maximum, padding gets none', async () => {
  const x = fed([1, 1, 2, 3], [-1, -1, -4, -1, -1, -2]);
  const [overlap] = grad(reduceSum(maxPool(x, 3, { stride: 2, padding: 1 })), [x]) as [Tensor];
  const { y } = await evaluate({ y: overlap });
  // Two windows, columns 0–1 and 1–2, both of two rows: four pixels of −1, and two.
  expectClose(y, [0.25, 0.75, 0, 0.25, 0.75, 0]);
});
