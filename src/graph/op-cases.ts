/** For every op, a generator of small random instances that the adjoint tests differentiate. */
import {
  broadcastPair,
  convolution,
  distinct,
  imageShape,
  indicesInto,
  normalOf,
  offZero,
  perChannelShape,
  positive,
  shapeOf,
  slidingWindow,
} from './op-draws.ts';
import * as ops from './ops/index.ts';
import { constant, type Shape, type Tensor } from './tensor.ts';
import { type Draw, normalInput } from './testing.ts';

/** Inputs made by `fed`, by which `output` is differentiated. */
export interface OpCase {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

export type MakeCase = (draw: Draw) => OpCase;

const unary =
  (op: (x: Tensor) => Tensor, make = normalOf): MakeCase =>
  (draw) => {
    const x = make(draw, shapeOf(draw, 0));
    return { inputs: [x], output: op(x) };
  };

const binary =
  (op: (a: Tensor, b: Tensor) => Tensor, makeA = normalOf, makeB = normalOf): MakeCase =>
  (draw) => {
    const [shapeA, shapeB] = broadcastPair(draw);
    const [a, b] = [makeA(draw, shapeA), makeB(draw, shapeB)];
    return { inputs: [a, b], output: op(a, b) };
  };

const ordering =
  (op: (a: Tensor, b: Tensor) => Tensor): MakeCase =>
  (draw) => {
    const [a, b] = distinct(draw, ...broadcastPair(draw)) as [Tensor, Tensor];
    return { inputs: [a, b], output: op(a, b) };
  };

/** A reduction, or another op that takes some axes. */
const alongAxes =
  (op: (x: Tensor, axes: number[]) => Tensor, make = normalOf): MakeCase =>
  (draw) => {
    const shape = shapeOf(draw);
    const axes = draw.order(shape.length).slice(0, draw.integer(1, shape.length));
    const x = make(draw, shape);
    return { inputs: [x], output: op(x, axes) };
  };

const matMul: MakeCase = (draw) => {
  const [m, k, n] = [draw.integer(1, 4), draw.integer(1, 4), draw.integer(1, 4)];
  const [transposeA, transposeB] = [draw.integer(0, 1) === 1, draw.integer(0, 1) === 1];
  const [batchA, batchB] = draw.pick<readonly [Shape, Shape]>([
    [[], []],
    [[2], [2]],
    [[2], []],
    [[], [3]],
    [[2, 1], [3]],
  ]);
  const a = normalInput(draw, [...batchA, ...(transposeA ? [k, m] : [m, k])]);
  const b = normalInput(draw, [...batchB, ...(transposeB ? [n, k] : [k, n])]);
  return { inputs: [a, b], output: ops.matMul(a, b, { transposeA, transposeB }) };
};

/** Linear in all inputs or bilinear in two: central differences are exact at any step. */
export const quadratic: Readonly<Record<string, MakeCase>> = {
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  neg: unary(ops.neg),
  matMul,
  conv2d: (draw) => {
    const { image, weight, options } = convolution(draw);
    const [x, w] = [normalInput(draw, image), normalInput(draw, weight)];
    if (draw.integer(0, 1) === 0) return { inputs: [x, w], output: ops.conv2d(x, w, options) };
    const bias = normalInput(draw, [weight[0]]);
    return { inputs: [x, w, bias], output: ops.conv2d(x, w, { ...options, bias }) };
  },
  convTranspose2d: (draw) => {
    const { result, weight, size, options } = convolution(draw);
    const [y, w] = [normalInput(draw, result), normalInput(draw, weight)];
    return { inputs: [y, w], output: ops.convTranspose2d(y, w, { ...options, outputSize: size }) };
  },
  conv2dWeight: (draw) => {
    const { image, result, kernel, options } = convolution(draw);
    const [x, y] = [normalInput(draw, image), normalInput(draw, result)];
    return { inputs: [x, y], output: ops.conv2dWeight(x, y, { ...options, kernel }) };
  },
  affine: (draw) => {
    const x = normalInput(draw, perChannelShape(draw));
    const [scale, shift] = [1, 2].map(() => normalInput(draw, x.shape.slice(0, 2)));
    if (draw.integer(0, 1) === 0) return { inputs: [x, scale!], output: ops.affine(x, scale!) };
    return { inputs: [x, scale!, shift!], output: ops.affine(x, scale!, shift!) };
  },
  after: (draw) => {
    const x = normalInput(draw, perChannelShape(draw));
    return { inputs: [x], output: ops.after(x, ops.mul(x, 2)) };
  },
  channelSums: (draw) => {
    const x = normalInput(draw, perChannelShape(draw));
    return { inputs: [x], output: ops.channelSums(x) };
  },
  channelDots: (draw) => {
    const shape = perChannelShape(draw);
    const [x, y] = [normalInput(draw, shape), normalInput(draw, shape)];
    return { inputs: [x, y], output: ops.channelDots(x, y) };
  },
  avgPool: (draw) => {
    const [n, c, h, w] = imageShape(draw);
    const size = draw.integer(1, 3);
    if (draw.integer(0, 1) === 0) {
      const x = normalInput(draw, [n, c, h * size, w * size]);
      return { inputs: [x], output: ops.avgPool(x, size) };
    }
    const { shape, options } = slidingWindow(draw);
    const x = normalInput(draw, shape);
    return { inputs: [x], output: ops.avgPool(x, 3, options) };
  },
  upsampleNearest: (draw) => {
    const x = normalInput(draw, imageShape(draw));
    return { inputs: [x], output: ops.upsampleNearest(x, draw.integer(1, 3)) };
  },
  reduceSum: alongAxes(ops.reduceSum),
  reduceMean: alongAxes(ops.reduceMean),
  sumTo: (draw) => {
    const [, c, h, w] = imageShape(draw);
    const x = normalInput(draw, [2, c, h, w]);
    return { inputs: [x], output: ops.sumTo(x, draw.pick([[], [w], [c, 1, 1], [1, c, h, 1]])) };
  },
  expand: (draw) => {
    const [n, c, h] = imageShape(draw);
    const x = normalInput(draw, [c, 1]);
    return { inputs: [x], output: ops.expand(x, [n, c, h]) };
  },
  reshape: (draw) => {
    const [a, b, c] = imageShape(draw);
    const x = normalInput(draw, [a, b, c]);
    return { inputs: [x], output: ops.reshape(x, draw.pick([[-1], [a * b, c], [c, 1, -1]])) };
  },
  transpose: (draw) => {
    const shape = shapeOf(draw, 2, 4);
    const x = normalInput(draw, shape);
    return { inputs: [x], output: ops.transpose(x, draw.order(shape.length)) };
  },
  slice: (draw) => {
    const shape = shapeOf(draw);
    const starts = shape.map((size) => draw.integer(0, size - 1));
    const ends = shape.map((size, axis) => draw.integer(starts[axis]! + 1, size));
    const x = normalInput(draw, shape);
    return { inputs: [x], output: ops.slice(x, starts, ends) };
  },
  pad: (draw) => {
    const shape = shapeOf(draw);
    const counts = () => shape.map(() => draw.integer(0, 2));
    const x = normalInput(draw, shape);
    return { inputs: [x], output: ops.pad(x, counts(), counts()) };
  },
  concat: (draw) => {
    const shape = shapeOf(draw);
    const axis = draw.integer(0, shape.length - 1);
    const inputs = [1, 2, 3].map((size) => normalInput(draw, shape.with(axis, size)));
    return { inputs, output: ops.concat(inputs, axis) };
  },
  gather: (draw) => {
    const shape = shapeOf(draw);
    const axis = draw.integer(0, shape.length - 1);
    const x = normalInput(draw, shape);
    return { inputs: [x], output: ops.gather(x, indicesInto(draw, shape[axis]!, 5), axis) };
  },
  scatterAdd: (draw) => {
    const shape = shapeOf(draw);
    const axis = draw.integer(0, shape.length - 1);
    const x = normalInput(draw, shape);
    const indices = indicesInto(draw, 3, shape[axis]!);
    return { inputs: [x], output: ops.scatterAdd(x, indices, 3, axis) };
  },
  where: (draw) => {
    const [shapeA, shapeB] = broadcastPair(draw);
    const [a, b] = [normalInput(draw, shapeA), normalInput(draw, shapeB)];
    const heads = ops.greater(constant(draw.normal(2), [2, 1, 1, 1, 1]), 0);
    return { inputs: [a, b], output: ops.where(heads, a, b) };
  },
};

const normalised =
  (op: (x: Tensor, groups: number) => Tensor): MakeCase =>
  (draw) => {
    const groups = draw.integer(1, 2);
    const channels = groups * draw.pick([1, 2, 16]);
    const x = normalInput(draw, [draw.integer(1, 2), channels, 3, 2]);
    return { inputs: [x], output: op(x, groups) };
  };

/** Differentiable at the points drawn: central differences with a small step. */
export const smooth: Readonly<Record<string, MakeCase>> = {
  abs: unary(ops.abs, offZero),
  relu: unary(ops.relu, offZero),
  cos: unary(ops.cos),
  sin: unary(ops.sin),
  tanh: unary(ops.tanh),
  erf: unary(ops.erf),
  exp: unary(ops.exp),
  gelu: unary(ops.gelu),
  silu: unary(ops.silu),
  sigmoid: unary(ops.sigmoid),
  softplus: unary(ops.softplus),
  log: unary(ops.log, positive),
  sqrt: unary(ops.sqrt, positive),
  reciprocal: unary(ops.reciprocal, (draw, shape) => offZero(draw, shape, 0.5)),
  div: binary(ops.div, normalOf, (draw, shape) => offZero(draw, shape, 0.5)),
  pow: binary(ops.pow, positive),
  maximum: ordering(ops.maximum),
  minimum: ordering(ops.minimum),
  maxPool: (draw) => {
    const { shape, options } = slidingWindow(draw);
    const [x] = distinct(draw, shape);
    return { inputs: [x], output: ops.maxPool(x, 3, options) };
  },
  reduceMax: alongAxes(ops.reduceMax, (draw, shape) => distinct(draw, shape)[0]),
  softmax: alongAxes((x, [axis]) => ops.softmax(x, axis)),
  groupNorm: (draw) => {
    const groups = draw.integer(1, 2);
    const channels = groups * draw.pick([1, 2, 16]);
    const rows = draw.integer(1, 2);
    const x = normalInput(draw, [rows, channels, 3, 2]);
    const own = draw.pick([[channels], [rows, channels]]);
    const [scale, bias] = [normalInput(draw, own), normalInput(draw, own)];
    return { inputs: [x, scale, bias], output: ops.groupNorm(x, scale, bias, { groups }) };
  },
  groupMean: normalised((x, groups) => ops.groupMean(x, { groups, epsilon: 1e-5 })),
  inverseDeviation: normalised((x, groups) => ops.inverseDeviation(x, { groups, epsilon: 1e-5 })),
};

const choose = (condition: Tensor) => ops.where(condition, 1, 0);

/** Ops through which no gradient flows. */
export const flat: Readonly<Record<string, MakeCase>> = {
  cast: unary((x) => ops.cast(ops.cast(x, 'int32'), 'float32')),
  sign: unary(ops.sign),
  stopGradient: unary(ops.stopGradient),
  equal: binary((a, b) => choose(ops.equal(a, b))),
  greater: binary((a, b) => choose(ops.greater(a, b))),
  less: binary((a, b) => choose(ops.less(a, b))),
};
