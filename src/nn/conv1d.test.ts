import { expect, test } from 'vitest';
import { grad, mul, reduceSum, sizeOf } from '../graph/index.ts';
import {
  computed,
  createDraw,
  evaluate,
  expectClose,
  normalInput,
  valuesOf,
} from '../graph/testing.ts';
import { conv1d } from './conv1d.ts';
import { listParameters } from './scope.ts';
import { buildWith } from './testing.ts';

/** Σ_{c, k} w[o, c, k] x[n, c, i + (k − (K−1)/2)·r] + b[o], by loops; zeros outside. */
function byLoops(
  x: Float32Array,
  [n, channels, length]: readonly [number, number, number],
  [w, b]: readonly [Float32Array, Float32Array],
  kernel: number,
  dilation: number,
): number[] {
  const outputs = b.length;
  const all: number[] = [];
  for (let at = 0; at < n * outputs * length; at++) {
    const [example, o, i] = [
      Math.floor(at / (outputs * length)),
      Math.floor(at / length) % outputs,
      at % length,
    ];
    let sum = b[o]!;
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < kernel; k++) {
        const from = i + (k - (kernel - 1) / 2) * dilation;
        if (from < 0 || from >= length) continue;
        sum += w[(o * channels + c) * kernel + k]! * x[(example * channels + c) * length + from]!;
      }
    }
    all.push(sum);
  }
  return all;
}

// Lengths that a dilation divides and not, one shorter than it, blocks of channels and not.
test.each([
  { channels: 3, outputs: 2, length: 7, kernel: 3, dilation: 1 },
  { channels: 3, outputs: 2, length: 8, kernel: 1, dilation: 4 },
  { channels: 3, outputs: 2, length: 8, kernel: 3, dilation: 2 },
  { channels: 3, outputs: 2, length: 7, kernel: 5, dilation: 3 },
  { channels: 16, outputs: 16, length: 11, kernel: 5, dilation: 4 },
  { channels: 2, outputs: 3, length: 3, kernel: 3, dilation: 8 },
])('is a dilated convolution, and so is its gradient: %j', async (shape) => {
  const { channels, outputs, length, kernel, dilation } = shape;
  const x = normalInput(createDraw(5), [2, channels, 1, length]);
  const layer = (h: Parameters<typeof conv1d>[1]) =>
    buildWith((scope, z) => conv1d(scope, z, outputs, { kernel, dilation }), h, 'random');
  const { y, parameters } = layer(x);
  const weights = [valuesOf(parameters.weight!), valuesOf(parameters.bias!)] as const;
  const size = [2, channels, length] as const;
  expectClose(await computed(y), byLoops(valuesOf(x), size, weights, kernel, dilation), 1e-4);

  // The map is linear in x, and in its weight: <ȳ, J v> is the same by either of the two.
  const cotangent = normalInput(createDraw(6), y.shape);
  const [dx, dw, db] = grad(reduceSum(mul(y, cotangent)), [
    x,
    parameters.weight!,
    parameters.bias!,
  ]);
  const found = await evaluate({ dx: dx!, dw: dw!, db: db! });
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
  const along = (v: Float32Array, w: readonly [Float32Array, Float32Array]) =>
    dot(byLoops(v, size, w, kernel, dilation), valuesOf(cotangent));
  const [zeroWeight, zeroBias] = [new Float32Array(weights[0].length), new Float32Array(outputs)];
  const v = createDraw(7).normal(sizeOf(x.shape));
  expect(dot(found.dx, v)).toBeCloseTo(along(v, [weights[0], zeroBias]), 3);
  const u = createDraw(8).normal(weights[0].length);
  expect(dot(found.dw, u)).toBeCloseTo(along(valuesOf(x), [u, zeroBias]), 3);
  const e = createDraw(9).normal(outputs);
  expect(dot(found.db, e)).toBeCloseTo(along(valuesOf(x), [zeroWeight, e]), 3);
});

test('starts within ±1/√inputs, or at zero', () => {
  const starts = (zero: boolean) =>
    listParameters((scope, h) => conv1d(scope, h, 2, { kernel: 3, zero }), [3, 1, 6]);
  expect(starts(false)).toEqual([
    { name: 'weight', shape: [2, 3, 1, 3], initialize: { bound: 1 / 3 } },
    { name: 'bias', shape: [2], initialize: { bound: 1 / 3 } },
  ]);
  expect(starts(true).map(({ initialize }) => initialize)).toEqual([0, 0]);
});
