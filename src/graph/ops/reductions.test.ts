/** Ops that sum over axes, against plain loops. */
import { describe, expect, test } from 'vitest';
import { constant, type Shape, type Tensor } from '../tensor.ts';
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

const draw = createDraw(31);

/** The elements of x in groups that share a position of the reduced shape. */
function groupsOf(x: Tensor, reduced: Shape): number[][] {
  const groups = positions(reduced).map(() => [] as number[]);
  positions(x.shape).forEach((position, i) => {
    groups[indexOf(reduced, position)]!.push(valuesOf(x)[i]!);
  });
  return groups;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

describe.each([
  { axes: undefined, reduced: [1, 1, 1] },
  { axes: 1, reduced: [2, 1, 4] },
  { axes: [-1, 0], reduced: [1, 3, 1] },
])('over axes $axes', ({ axes, reduced }) => {
  test('reduceSum, reduceMean, reduceMax', async () => {
    const x = normalInput(draw, [2, 3, 4]);
    const tensors = {
      sum: ops.reduceSum(x, axes),
      mean: ops.reduceMean(x, axes),
      max: ops.reduceMax(x, axes),
    };
    expect(tensors.sum.shape).toEqual(reduced);
    const y = await evaluate(tensors);
    const groups = groupsOf(x, reduced);
    expectClose(y.sum, groups.map(sum));
    expectClose(y.mean, groups.map(mean));
    expectClose(
      y.max,
      groups.map((values) => Math.max(...values)),
    );
  });
});

test('no axes at all leave the tensor alone', () => {
  const x = normalInput(draw, [2]);
  expect(ops.reduceSum(x, [])).toBe(x);
});

test.each([0, 1, -1])('softmax along %i', async (axis) => {
  const x = normalInput(draw, [2, 3, 4]);
  const reduced = x.shape.with(axis === -1 ? 2 : axis, 1);
  const totals = groupsOf(x, reduced).map((values) => sum(values.map(Math.exp)));
  const expected = positions(x.shape).map(
    (position, i) => Math.exp(valuesOf(x)[i]!) / totals[indexOf(reduced, position)]!,
  );
  expectClose(await computed(ops.softmax(x, axis)), expected);
});

test('softmax of large numbers does not overflow', async () => {
  expectClose(await computed(ops.softmax(fed([3], [1000, 1000, -1000]))), [0.5, 0.5, 0]);
});

describe('matMul', () => {
  const flags = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
  const batches: [Shape, Shape, Shape][] = [
    [[], [], []],
    [[2], [2], [2]],
    [[2], [], [2]],
    [[], [3], [3]],
    [[2, 1], [3], [2, 3]],
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
  ];
  test.each(flags)('transposeA %s, transposeB %s', async (transposeA, transposeB) => {
    const [m, k, n] = [3, 5, 4];
    for (const [batchA, batchB, batch] of batches) {
      const a = normalInput(draw, [...batchA, ...(transposeA ? [k, m] : [m, k])]);
      const b = normalInput(draw, [...batchB, ...(transposeB ? [n, k] : [k, n])]);
      const y = ops.matMul(a, b, { transposeA, transposeB });
      expect(y.shape).toEqual([...batch, m, n]);
      const expected = positions(y.shape).map((position) => {
        const [i, j] = position.slice(-2) as [number, number];
        const lead = position.slice(0, -2);
        let total = 0;
        for (let l = 0; l < k; l++) {
          const atA = indexOf(a.shape, [...lead, ...(transposeA ? [l, i] : [i, l])]);
          const atB = indexOf(b.shape, [...lead, ...(transposeB ? [j, l] : [l, j])]);
          total += valuesOf(a)[atA]! * valuesOf(b)[atB]!;
        }
        return total;
      });
      expectClose(await computed(y), expected);
    }
  });
});

describe('group normalisation', () => {
  const epsilon = 1e-3;
  /** x − mean over √(variance + ε), and 1/√(variance + ε), by group. */
  const reference = (x: Tensor, groups: number) => {
    const size = positions(x.shape).length / (x.shape[0]! * groups);
    const means: number[] = [];
    const inverses: number[] = [];
    const normal: number[] = [];
    for (let start = 0; start < valuesOf(x).length; start += size) {
      const values = [...valuesOf(x).subarray(start, start + size)];
      const centre = mean(values);
      const inverse = 1 / Math.sqrt(mean(values.map((v) => (v - centre) ** 2)) + epsilon);
      means.push(centre);
      inverses.push(inverse);
      normal.push(...values.map((v) => (v - centre) * inverse));
    }
    return { normal, inverses, means };
  };

  test.each([
    { shape: [2, 4, 3, 5], groups: 2 },
    { shape: [3, 6], groups: 1 },
    { shape: [2, 4, 3], groups: 4 },
    { shape: [1, 32, 7, 7], groups: 8 },
  ])('$groups groups of $shape', async ({ shape, groups }) => {
    // Off centre, so that a variance computed by cancellation would show.
    const x = fed(
      shape,
      draw.normal(positions(shape).length).map((v) => 3 + 0.5 * v),
    );
    const [scale, bias] = [normalInput(draw, [shape[1]!]), normalInput(draw, [shape[1]!])];
    const y = await evaluate({
      groupNorm: ops.groupNorm(x, scale, bias, { groups, epsilon }),
      mean: ops.groupMean(x, { groups, epsilon }),
      inverse: ops.inverseDeviation(x, { groups, epsilon }),
    });
    const { normal, inverses, means } = reference(x, groups);
    const scaled = positions(shape).map(
      ([, c], i) => normal[i]! * valuesOf(scale)[c!]! + valuesOf(bias)[c!]!,
    );
    expectClose(y.mean, means);
    expectClose(y.inverse, inverses);
    expectClose(y.groupNorm, scaled);
  });

  test('ε is 1e-5 unless given: a constant input becomes the bias', async () => {
    const x = constant(new Float32Array(8).fill(2), [1, 2, 4]);
    const [scale, bias] = [fed([2], [3, 4]), fed([2], [-1, 1])];
    const y = await computed(ops.groupNorm(x, scale, bias, { groups: 1 }));
    expectClose(y, [-1, -1, -1, -1, 1, 1, 1, 1]);
    const pair = fed([1, 1, 2], [-1e-3, 1e-3]);
    const spread = await computed(ops.groupNorm(pair, fed([1], [1]), fed([1], [0]), { groups: 1 }));
    // Variance 1e-6: 1e-3/√(1.1e-5).
    expectClose(spread, [-0.301511, 0.301511], 1e-5);
  });
});
