import { describe, expect, test } from 'vitest';
import { constant, type Tensor } from '../tensor.ts';
import {
  computed,
  createDraw,
  evaluate,
  expectClose,
  fed,
  indexOf,
  normalInput,
  positions,
  valuesOf,
} from '../testing.ts';
import * as ops from './index.ts';

/**
 * Maclaurin series of the error function (Abramowitz & Stegun 7.1.5), good in doubles to |x| = 4.
 */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('unary ops against the language’s own functions', () => {
  const anywhere = [-3.5, -2, -1, -0.5, -1e-3, 0, 1e-3, 0.25, 1, 2.5, 3.5];
  const positive = [1e-3, 0.25, 1, 2.5, 100];
  test.each<[string, (x: Tensor) => Tensor, (x: number) => number, number[]]>([
    ['abs', ops.abs, Math.abs, anywhere],
    ['cos', ops.cos, Math.cos, anywhere],
    ['erf', ops.erf, erf, anywhere],
    ['exp', ops.exp, Math.exp, anywhere],
    ['gelu', ops.gelu, (x) => (x * (1 + erf(x / Math.SQRT2))) / 2, anywhere],
    ['log', ops.log, Math.log, positive],
    ['neg', ops.neg, (x) => -x, anywhere],
    ['reciprocal', ops.reciprocal, (x) => 1 / x, positive],
    ['relu', ops.relu, (x) => Math.max(x, 0), anywhere],
    ['sigmoid', ops.sigmoid, sigmoid, anywhere],
    ['sign', ops.sign, Math.sign, anywhere],
    ['silu', ops.silu, (x) => x * sigmoid(x), anywhere],
    ['sin', ops.sin, Math.sin, anywhere],
    ['softplus', ops.softplus, (x) => Math.log1p(Math.exp(x)), anywhere],
    ['sqrt', ops.sqrt, Math.sqrt, positive],
    ['stopGradient', ops.stopGradient, (x) => x, anywhere],
    ['tanh', ops.tanh, Math.tanh, anywhere],
  ])('%s', async (_, op, reference, xs) => {
    const x = fed([xs.length], xs);
    expectClose(await computed(op(x)), [...valuesOf(x)].map(reference), 2e-6);
  });

  test('erf at the values of Abramowitz & Stegun, table 7.1', async () => {
    const y = await computed(ops.erf(fed([4], [0.1, 0.5, 1, 2])));
    expectClose(y, [0.112462916, 0.5204998778, 0.8427007929, 0.995322265], 1e-6);
  });

  test('far from 0 nothing overflows', async () => {
    const x = fed([4], [-1000, -90, 90, 1000]);
    const y = await evaluate({
      sigmoid: ops.sigmoid(x),
      silu: ops.silu(x),
      gelu: ops.gelu(x),
      softplus: ops.softplus(x),
      tanh: ops.tanh(x),
      erf: ops.erf(x),
    });
    expectClose(y.sigmoid, [0, 0, 1, 1], 1e-6);
    for (const name of ['silu', 'gelu', 'softplus'] as const) {
      expectClose(y[name], [0, 0, 90, 1000], 1e-6);
    }
    for (const name of ['tanh', 'erf'] as const) expectClose(y[name], [-1, -1, 1, 1], 1e-6);
  });
});

describe('binary ops broadcast', () => {
  const shapes: [readonly number[], readonly number[]][] = [
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 3, 2, 2],
      [3, 1, 1],
    ],
    [[4], []],
    [[], [2, 2]],
    [
      [3, 1],
      [1, 4],
    ],
    [[2], [3, 1]],
  ];
  test.each<[string, (a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number]>([
    ['add', ops.add, (a, b) => a + b],
    ['sub', ops.sub, (a, b) => a - b],
    ['mul', ops.mul, (a, b) => a * b],
    ['div', ops.div, (a, b) => a / b],
    ['pow', (a, b) => ops.pow(ops.exp(a), b), (a, b) => Math.exp(a) ** b],
    ['maximum', ops.maximum, Math.max],
    ['minimum', ops.minimum, Math.min],
    ['less', ops.less, (a, b) => Number(a < b)],
    ['greater', ops.greater, (a, b) => Number(a > b)],
    ['equal', ops.equal, (a, b) => Number(a === b)],
  ])('%s', async (_, op, reference) => {
    const draw = createDraw(3);
    for (const [shapeA, shapeB] of shapes) {
      const [a, b] = [normalInput(draw, shapeA), normalInput(draw, shapeB)];
      const y = op(a, b);
      const expected = positions(y.shape).map((at) =>
        reference(valuesOf(a)[indexOf(shapeA, at)]!, valuesOf(b)[indexOf(shapeB, at)]!),
      );
      expectClose(await computed(y), expected, 1e-5);
    }
  });

  test('numbers stand for float32 scalars on either side', async () => {
    const x = fed([2], [1, 4]);
    const y = await evaluate({ left: ops.sub(1, x), right: ops.pow(x, 0.5) });
    expect(y).toEqual({ left: [0, -3], right: [1, 2] });
  });
});

test('comparisons and maximum on ties and signs', async () => {
  const [a, b] = [fed([3], [1, 2, 2]), fed([3], [2, 2, 1])];
  const y = await evaluate({
    less: ops.less(a, b),
    equal: ops.equal(a, b),
    greater: ops.greater(a, b),
  });
  expect(y).toEqual({ less: [1, 0, 0], equal: [0, 1, 0], greater: [0, 0, 1] });
});

test('where takes from a or b, all three broadcasting', async () => {
  const condition = ops.greater(fed([2, 1], [1, -1]), 0);
  const y = ops.where(condition, fed([3], [1, 2, 3]), 9);
  expect(y.shape).toEqual([2, 3]);
  expect(await computed(y)).toEqual([1, 2, 3, 9, 9, 9]);
});

test('where keeps infinities of the other choice out', async () => {
  const x = fed([2], [0, 4]);
  const safe = ops.where(ops.greater(x, 0), ops.log(x), 0);
  expectClose(await computed(safe), [0, Math.log(4)]);
});

test('integers compare and add', async () => {
  const [a, b] = [fed([3], Int32Array.of(1, 2, 3), 'int32'), constant(Int32Array.of(2))];
  const y = await evaluate({ sum: ops.add(a, b), less: ops.less(a, b), equal: ops.equal(a, b) });
  expect(y).toEqual({ sum: [3, 4, 5], less: [1, 0, 0], equal: [0, 1, 0] });
});

test('cast between every pair of types', async () => {
  const x = fed([4], [0, 1, 2.75, 200]);
  const y = await evaluate({
    int32: ops.cast(x, 'int32'),
    int64: ops.cast(x, 'int64'),
    uint8: ops.cast(x, 'uint8'),
    bool: ops.cast(x, 'bool'),
    back: ops.cast(ops.cast(x, 'int64'), 'float32'),
    counted: ops.cast(ops.cast(x, 'bool'), 'float32'),
  });
  expect(y).toEqual({
    int32: [0, 1, 2, 200],
    int64: [0, 1, 2, 200],
    uint8: [0, 1, 2, 200],
    bool: [0, 1, 1, 1],
    back: [0, 1, 2, 200],
    counted: [0, 1, 1, 1],
  });
  expect(ops.cast(x, 'float32')).toBe(x);
});
