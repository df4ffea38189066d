/**
 * What the caller reads where shapes or types do not fit: one line that names op, shapes, tensors.
 */
import { describe, expect, test } from 'vitest';
import { GraphError } from './error.ts';
import * as ops from './ops/index.ts';
import { constant, type DType, input, named, type Tensor } from './tensor.ts';

const pixels = input('pixels', [2, 3, 4, 4]);
const matrix = input('matrix', [2, 3]);
const filters = input('filters', [5, 3, 3, 3]);
const scale = input('scale', [3]);
const rows = input('rows', [2], 'int64');
const of = (name: string, shape: readonly number[], dtype?: DType) => input(name, shape, dtype);

/** The wrong call and the tensors its message must describe. */
type Mistake = readonly [call: () => Tensor, mentioned: readonly string[]];

const binaryMistakes = (op: (a: Tensor, b: Tensor) => Tensor): Mistake[] => [
  [() => op(matrix, of('other', [4, 3])), ['matrix [2, 3]', 'other [4, 3]']],
  [() => op(matrix, of('other', [3], 'int32')), ['matrix [2, 3]', 'other [3]', 'int32']],
];

const unaryMistakes = (op: (x: Tensor) => Tensor): Mistake[] => [
  [() => op(of('codes', [2], 'int64')), ['codes [2]', 'int64']],
];

const reductionMistakes = (op: (x: Tensor, axes?: number | number[]) => Tensor): Mistake[] => [
  [() => op(matrix, 2), ['axis 2', 'matrix [2, 3]']],
  [() => op(matrix, [1, -1]), ['twice', 'matrix [2, 3]']],
  [() => op(matrix, 0.5), ['axis 0.5', 'matrix [2, 3]']],
  [() => op(of('mask', [2], 'bool')), ['bool', 'mask [2]']],
];

const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  add: binaryMistakes(ops.add),
  sub: binaryMistakes(ops.sub),
  mul: binaryMistakes(ops.mul),
  div: binaryMistakes(ops.div),
  pow: binaryMistakes(ops.pow),
  maximum: binaryMistakes(ops.maximum),
  minimum: binaryMistakes(ops.minimum),
  equal: binaryMistakes(ops.equal),
  greater: binaryMistakes(ops.greater),
  less: binaryMistakes(ops.less),
  abs: unaryMistakes(ops.abs),
  cos: unaryMistakes(ops.cos),
  erf: unaryMistakes(ops.erf),
  exp: unaryMistakes(ops.exp),
  gelu: unaryMistakes(ops.gelu),
  log: unaryMistakes(ops.log),
  neg: unaryMistakes(ops.neg),
  reciprocal: unaryMistakes(ops.reciprocal),
  relu: unaryMistakes(ops.relu),
  sigmoid: unaryMistakes(ops.sigmoid),
  sign: unaryMistakes(ops.sign),
  silu: unaryMistakes(ops.silu),
  sin: unaryMistakes(ops.sin),
  softplus: unaryMistakes(ops.softplus),
  sqrt: unaryMistakes(ops.sqrt),
  tanh: unaryMistakes(ops.tanh),
  reduceSum: reductionMistakes(ops.reduceSum),
  reduceMean: reductionMistakes(ops.reduceMean),
  reduceMax: reductionMistakes(ops.reduceMax),
  softmax: [
    [() => ops.softmax(matrix, 2), ['axis 2', 'matrix [2, 3]']],
    [() => ops.softmax(rows), ['int64', 'rows [2]']],
  ],
  avgPool: [
    [() => ops.avgPool(pixels, 3), ['pixels [2, 3, 4, 4]', '3']],
    [() => ops.avgPool(matrix, 2), ['matrix [2, 3]']],
    [() => ops.avgPool(pixels, -2), ['-2']],
    [() => ops.avgPool(pixels, 0.5), ['0.5']],
    [() => ops.avgPool(pixels, 3, { stride: 1, padding: 2 }), ['padding', 'pixels [2, 3, 4, 4]']],
    [() => ops.avgPool(pixels, 5, { stride: 1 }), ['window', 'pixels [2, 3, 4, 4]']],
  ],
  maxPool: [
    [() => ops.maxPool(matrix, 2), ['matrix [2, 3]']],
    [() => ops.maxPool(pixels, 0), ['size 0', 'pixels [2, 3, 4, 4]']],
    [() => ops.maxPool(pixels, 3, { stride: 0.5 }), ['stride 0.5', 'pixels [2, 3, 4, 4]']],
    [() => ops.maxPool(pixels, 2, { padding: [0, 2] }), ['padding', 'pixels [2, 3, 4, 4]']],
    [() => ops.maxPool(of('codes', [1, 1, 2, 2], 'int32'), 2), ['int32', 'codes [1, 1, 2, 2]']],
  ],
  upsampleNearest: [
    [() => ops.upsampleNearest(matrix, 2), ['matrix [2, 3]']],
    [() => ops.upsampleNearest(pixels, 1.5), ['1.5', 'pixels [2, 3, 4, 4]']],
  ],
  concat: [
    [() => ops.concat([matrix, of('other', [2, 4])]), ['matrix [2, 3]', 'other [2, 4]']],
    [() => ops.concat([matrix, scale], 1), ['matrix [2, 3]', 'scale [3]']],
    [() => ops.concat([matrix, of('codes', [2, 3], 'int32')]), ['types', 'codes [2, 3]']],
    [() => ops.concat([matrix], 2), ['axis 2', 'matrix [2, 3]']],
    [() => ops.concat([]), ['at least one']],
  ],
  conv2d: [
    [() => ops.conv2d(matrix, filters), ['matrix [2, 3]', 'filters [5, 3, 3, 3]']],
    [() => ops.conv2d(pixels, matrix), ['pixels [2, 3, 4, 4]', 'matrix [2, 3]']],
    [() => ops.conv2d(of('grey', [1, 1, 4, 4]), filters), ['1 channels', 'grey [1, 1, 4, 4]']],
    [() => ops.conv2d(of('tiny', [1, 3, 2, 2]), filters), ['kernel', 'tiny [1, 3, 2, 2]']],
    [() => ops.conv2d(pixels, filters, { bias: scale }), ['bias', 'scale [3]']],
  ],
  convTranspose2d: [
    [() => ops.convTranspose2d(matrix, filters), ['matrix [2, 3]', 'filters [5, 3, 3, 3]']],
    [() => ops.convTranspose2d(pixels, filters), ['3 channels', 'takes 5']],
    [
      () => ops.convTranspose2d(of('y', [1, 5, 4, 4]), filters, { outputSize: [9, 9] }),
      ['9×9', 'y [1, 5, 4, 4]'],
    ],
  ],
  conv2dWeight: [
    [() => ops.conv2dWeight(matrix, pixels, { kernel: [1, 1] }), ['matrix [2, 3]']],
    [
      () => ops.conv2dWeight(pixels, of('y', [1, 5, 4, 4]), { kernel: [1, 1] }),
      ['pixels [2, 3, 4, 4]', 'y [1, 5, 4, 4]'],
    ],
  ],
  expand: [
    [() => ops.expand(matrix, [2, 4]), ['[2, 4]', 'matrix [2, 3]']],
    [() => ops.expand(matrix, [3]), ['[3]', 'matrix [2, 3]']],
    [() => ops.expand(scale, [-1, 3]), ['[-1, 3]']],
  ],
  gather: [
    [() => ops.gather(matrix, scale), ['float32', 'matrix [2, 3]', 'scale [3]']],
    [() => ops.gather(matrix, of('table', [2, 2], 'int64')), ['table [2, 2]']],
    [() => ops.gather(matrix, rows, 2), ['axis 2', 'matrix [2, 3]']],
  ],
  scatterAdd: [
    [() => ops.scatterAdd(scale, rows, 4), ['scale [3]', 'rows [2]']],
    [() => ops.scatterAdd(matrix, of('codes', [2]), 4), ['float32', 'codes [2]']],
    [() => ops.scatterAdd(matrix, rows, -1), ['-1', 'matrix [2, 3]']],
    [() => ops.scatterAdd(of('counts', [2], 'int32'), rows, 4), ['int32', 'counts [2]']],
    [() => ops.scatterAdd(matrix, rows, 4, 5), ['axis 5', 'matrix [2, 3]']],
  ],
  groupNorm: [
    [() => ops.groupNorm(pixels, scale, scale, { groups: 2 }), ['2 groups', 'pixels [2, 3, 4, 4]']],
    [() => ops.groupNorm(pixels, scale, rows, { groups: 3 }), ['[3]', 'scale [3]', 'rows [2]']],
    [() => ops.groupNorm(scale, scale, scale, { groups: 1 }), ['scale [3]']],
  ],
  affine: [
    [() => ops.affine(scale, scale), ['[N, C, ...]', 'scale [3]']],
    [() => ops.affine(pixels, matrix, rows), ['[2, 3]', 'pixels [2, 3, 4, 4]', 'rows [2]']],
  ],
  after: [[() => ops.after(of('counts', [2], 'int32'), scale), ['int32', 'counts']]],
  channelSums: [[() => ops.channelSums(scale), ['[N, C, ...]', 'scale [3]']]],
  channelDots: [
    [() => ops.channelDots(pixels, matrix), ['one shape', 'pixels [2, 3, 4, 4]', 'matrix [2, 3]']],
  ],
  groupMean: [
    [() => ops.groupMean(pixels, { groups: 2, epsilon: 0 }), ['2 groups', 'pixels [2, 3, 4, 4]']],
  ],
  inverseDeviation: [
    [() => ops.inverseDeviation(pixels, { groups: 0, epsilon: 0 }), ['0 groups', 'pixels']],
  ],
  matMul: [
    [() => ops.matMul(matrix, matrix), ['3 and 2', 'matrix [2, 3]']],
    [() => ops.matMul(matrix, scale), ['two axes', 'scale [3]']],
    [() => ops.matMul(of('a', [2, 3, 3]), of('b', [4, 3, 3])), ['a [2, 3, 3]', 'b [4, 3, 3]']],
    [() => ops.matMul(matrix, of('codes', [3, 2], 'int32')), ['int32', 'codes [3, 2]']],
  ],
  pad: [
    [() => ops.pad(matrix, [1], [1]), ['matrix [2, 3]']],
    [() => ops.pad(matrix, [-1, 0], [0, 0]), ['matrix [2, 3]']],
  ],
  reshape: [
    [() => ops.reshape(matrix, [4]), ['[4]', 'matrix [2, 3]']],
    [() => ops.reshape(matrix, [4, -1]), ['[4, -1]', 'matrix [2, 3]']],
    [() => ops.reshape(matrix, [-1, -1]), ['[-1, -1]', 'matrix [2, 3]']],
    [() => ops.reshape(matrix, [-2, -3]), ['[-2, -3]', 'matrix [2, 3]']],
    [() => ops.reshape(matrix, [0.5, 12]), ['[0.5, 12]', 'matrix [2, 3]']],
  ],
  slice: [
    [() => ops.slice(matrix, [0], [1]), ['2 axes', 'matrix [2, 3]']],
    [() => ops.slice(matrix, [0, 0], [3, 3]), ['[3, 3]', 'matrix [2, 3]']],
    [() => ops.slice(matrix, [1, 0], [0, 3]), ['[1, 0]', 'matrix [2, 3]']],
    [() => ops.slice(matrix, [0, 0.5], [2, 3]), ['0.5', 'matrix [2, 3]']],
  ],
  sumTo: [
    [() => ops.sumTo(matrix, [3, 2]), ['[3, 2]', 'matrix [2, 3]']],
    [() => ops.sumTo(matrix, [1, 2, 3]), ['[1, 2, 3]', 'matrix [2, 3]']],
  ],
  transpose: [
    [() => ops.transpose(matrix, [0, 0]), ['[0, 0]', 'matrix [2, 3]']],
    [() => ops.transpose(matrix, [0]), ['[0]', 'matrix [2, 3]']],
  ],
  where: [
    [() => ops.where(matrix, matrix, 0), ['bool', 'matrix [2, 3]']],
    [() => ops.where(of('mask', [4], 'bool'), matrix, 0), ['mask [4]', 'matrix [2, 3]']],
    [() => ops.where(of('mask', [3], 'bool'), rows, 0), ['int64', 'rows [2]']],
  ],
};

/** These take any tensor. */
const unconditional = ['cast', 'stopGradient'];

test('every op has its mistakes here', () => {
  const listed = [...Object.keys(mistakes), ...unconditional];
  expect(listed.sort()).toEqual(Object.keys(ops).sort());
});

describe('one line with the op, the shapes and the caller’s names', () => {
  const table = Object.entries(mistakes).flatMap(([op, calls]) =>
    calls.map(([call, mentioned], i) => ({ op, i, call, mentioned })),
  );
  test.each(table)('$op, mistake $i', ({ op, call, mentioned }) => {
    expect(call).toThrow(GraphError);
    expect(call).toThrow(new RegExp(`^${op}: [^\\n]*$`));
    for (const part of mentioned) expect(call).toThrow(part);
  });
});

test('a name given to a result is the one that errors repeat', () => {
  const scores = named('scores', ops.matMul(matrix, of('w', [3, 5])));
  expect(() => ops.add(scores, scale)).toThrow(
    'add: shapes do not broadcast (given scores [2, 5] and scale [3])',
  );
});

test('inputs and constants of impossible shapes', () => {
  expect(() => input('x', [2, -1])).toThrow('x: a shape is made of whole numbers ≥ 0, not [2, -1]');
  expect(() => input('x', [1.5])).toThrow(GraphError);
  expect(() => constant([1, 2, 3], [2])).toThrow('constant: 3 values do not fill shape [2]');
});
