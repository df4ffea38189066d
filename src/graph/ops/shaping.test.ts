/** Ops that move elements about, against plain loops over positions. */
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../tensor.ts';
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

const draw = createDraw(21);
const add = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value + b[i]!);

/** The element of x at a position, or 0 outside. */
const at = (x: Tensor, position: readonly number[]) =>
  position.every((index, axis) => index >= 0 && index < x.shape[axis]!)
    ? valuesOf(x)[indexOf(x.shape, position)]!
    : 0;

/** What an op that only moves elements should give: x at `from(position)` of each position. */
const moved = (y: Tensor, x: Tensor, from: (position: number[]) => readonly number[]) =>
  positions(y.shape).map((position) => at(x, from(position)));

describe('reshape', () => {
  const x = normalInput(draw, [2, 3, 4]);
  test.each([
    [
      [6, 4],
      [6, 4],
    ],
    [[-1], [24]],
    [
      [4, -1, 2],
      [4, 3, 2],
    ],
    [
      [1, 24, 1],
      [1, 24, 1],
    ],
  ])('to %j', async (shape, expected) => {
    const y = ops.reshape(x, shape);
    expect(y.shape).toEqual(expected);
    expect(await computed(y)).toEqual([...valuesOf(x)]);
  });
});

describe('transpose', () => {
  const x = normalInput(draw, [2, 3, 4]);
  test.each([[undefined], [[2, 0, 1]], [[1, 2, 0]], [[0, 1, 2]]])('order %j', async (order) => {
    const y = ops.transpose(x, order);
    const axes = order ?? [0, 2, 1];
    expect(y.shape).toEqual(axes.map((axis) => x.shape[axis]));
    const expected = moved(y, x, (position) => [0, 1, 2].map((a) => position[axes.indexOf(a)]!));
    expect(await computed(y)).toEqual(expected);
  });
});

describe('slice', () => {
  const x = normalInput(draw, [3, 5, 2]);
  test.each([
    [
      [0, 0, 0],
      [3, 5, 2],
      [0, 0, 0],
    ],
    [
      [1, 2, 0],
      [2, 5, 1],
      [1, 2, 0],
    ],
    [
      [0, -3, -1],
      [-1, -1, 2],
      [0, 2, 1],
    ],
  ])('%j to %j', async (starts, ends, from) => {
    const y = ops.slice(x, starts, ends);
    expect(await computed(y)).toEqual(moved(y, x, (position) => add(position, from)));
  });
});

test.each([
  [
    [1, 0],
    [0, 2],
  ],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [0, 0],
    [0, 0],
  ],
])('pad %j before and %j after', async (before, after) => {
  const x = normalInput(draw, [2, 3]);
  const y = ops.pad(x, before, after);
  expect(y.shape).toEqual(add(add(before, [2, 3]), after));
  const expected = moved(y, x, (position) => position.map((index, i) => index - before[i]!));
  expect(await computed(y)).toEqual(expected);
});

test.each([0, 1, -1])('concat along %i', async (axis) => {
  const along = axis === -1 ? 2 : axis;
  const parts = [1, 3, 2].map((size) => normalInput(draw, [2, 3, 4].with(along, size)));
  const y = ops.concat(parts, axis);
  const expected = positions(y.shape).map((position) => {
    let index = position[along]!;
    const part = parts.find((candidate) => {
      if (index < candidate.shape[along]!) return true;
      index -= candidate.shape[along]!;
      return false;
    });
    return at(part!, position.with(along, index));
  });
  expect(await computed(y)).toEqual(expected);
});

test('concat of one tensor and of one tensor with itself', async () => {
  const x = fed([2], [1, 2]);
  const y = await evaluate({ one: ops.concat([x]), twice: ops.concat([x, x]) });
  expect(y).toEqual({ one: [1, 2], twice: [1, 2, 1, 2] });
});

test.each([
  [
    [3, 1],
    [2, 3, 4],
  ],
  [[], [2, 2]],
  [[1], [5]],
])('expand %j to %j', async (from, to) => {
  const x = normalInput(draw, from);
  const expected = positions(to).map((position) => valuesOf(x)[indexOf(from, position)]!);
  expect(await computed(ops.expand(x, to))).toEqual(expected);
});

test.each([
  [
    [2, 3, 4],
    [3, 1],
  ],
  [[2, 3], []],
  [
    [2, 3, 2, 2],
    [3, 1, 1],
  ],
])('sumTo undoes the broadcasting of %j from %j', async (from, to) => {
  const x = normalInput(draw, from);
  const expected = new Array<number>(to.reduce((product, size) => product * size, 1)).fill(0);
  positions(from).forEach((position, i) => {
    expected[indexOf(to, position)]! += valuesOf(x)[i]!;
  });
  const y = ops.sumTo(x, to);
  expect(y.shape).toEqual(to);
  expectClose(await computed(y), expected);
});

describe.each([
  { type: 'int64', indices: BigInt64Array.of(2n, 0n, 2n, 1n, 2n) },
  { type: 'int32', indices: Int32Array.of(2, 0, 2, 1, 2) },
] as const)('repeated $type indices', ({ type, indices }) => {
  const rows = Array.from(indices as ArrayLike<number | bigint>, Number);

  test.each([0, 1, -1])('gather along %i', async (axis) => {
    const x = normalInput(draw, [3, 3, 3]);
    const y = ops.gather(x, fed([5], indices, type), axis);
    const along = (axis + 3) % 3;
    const expected = moved(y, x, (position) => position.with(along, rows[position[along]!]!));
    expect(await computed(y)).toEqual(expected);
  });

  test.each([0, 1, -1])('scatterAdd along %i', async (axis) => {
    const along = (axis + 3) % 3;
    const x = normalInput(draw, [2, 3, 4].with(along, 5));
    const y = ops.scatterAdd(x, fed([5], indices, type), 4, axis);
    const expected = new Array<number>(positions(y.shape).length).fill(0);
    for (const position of positions(x.shape)) {
      expected[indexOf(y.shape, position.with(along, rows[position[along]!]!))]! += at(x, position);
    }
    expectClose(await computed(y), expected);
  });
});

test.each([1, 2, 3])('avgPool and upsampleNearest by %i', async (size) => {
  const x = normalInput(draw, [2, 3, 2 * size, 3 * size]);
  const pooled = ops.avgPool(x, size);
  const raised = ops.upsampleNearest(x, size);
  const result = await evaluate({ pooled, raised });
  const sums = new Array<number>(2 * 3 * 2 * 3).fill(0);
  const tile = ([n, c, i, j]: readonly number[]) =>
    [n!, c!, Math.floor(i! / size), Math.floor(j! / size)] as const;
  for (const position of positions(x.shape)) {
    sums[indexOf(pooled.shape, tile(position))]! += at(x, position) / size ** 2;
  }
  expectClose(result.pooled, sums);
  expect(result.raised).toEqual(moved(raised, x, tile));
});
