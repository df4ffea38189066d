/** Layers against plain loops, how they start, and where they refuse. */
import { describe, expect, test } from 'vitest';
import { GraphError, grad, input, mul, reduceSum, type Tensor } from '../graph/index.ts';
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
} from '../graph/testing.ts';
import { conv } from './conv.ts';
import { groupsOf, norm } from './group-norm.ts';
import { linear } from './linear.ts';
import { type ResBlockOptions, resBlock } from './res-block.ts';
import { depthToSpace, halve, repeat, resize, smooth, spaceToDepth } from './resample.ts';
import { listParameters, type Network } from './scope.ts';
import { buildWith } from './testing.ts';

const draw = createDraw(61);
const startOf = (network: Network, shape: readonly number[]) =>
  Object.fromEntries(
    listParameters(network, shape).map(({ name, shape: size, initialize }) => [
      name,
      [size, initialize],
    ]),
  );

describe('linear', () => {
  test('is x·Wᵀ + b', async () => {
    const x = normalInput(draw, [3, 4]);
    const { y, parameters } = buildWith((scope, h) => linear(scope, h, 2), x, 'random');
    const [w, b] = [valuesOf(parameters.weight!), valuesOf(parameters.bias!)];
    const expected = positions([3, 2]).map(([n, o]) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + valuesOf(x)[n! * 4 + i]! * w[o! * 4 + i]!, b[o!]!),
    );
    expectClose(await computed(y), expected);
  });

  test('starts within ±1/√inputs, or at zero', () => {
    const bound = { bound: 0.5 };
    expect(startOf((scope, h) => linear(scope, h, 2), [4])).toEqual({
      weight: [[2, 4], bound],
      bias: [[2], bound],
    });
    expect(startOf((scope, h) => linear(scope, h, 2, { zero: true }), [4])).toEqual({
      weight: [[2, 4], 0],
      bias: [[2], 0],
    });
  });
});

describe('conv', () => {
  test('keeps the size, adds the bias by channel', async () => {
    const x = normalInput(draw, [2, 3, 4, 5]);
    const { y, parameters } = buildWith((scope, h) => conv(scope, h, 2), x, 'random');
    const [w, b] = [parameters.weight!, valuesOf(parameters.bias!)];
    const at = ([n, c, i, j]: readonly number[]) =>
      i! < 0 || i! > 3 || j! < 0 || j! > 4 ? 0 : valuesOf(x)[indexOf(x.shape, [n!, c!, i!, j!])]!;
    const expected = positions([2, 2, 4, 5]).map(([n, o, i, j]) =>
      positions([3, 3, 3]).reduce(
        (sum, [c, a, k]) =>
          sum +
          at([n!, c!, i! + a! - 1, j! + k! - 1]) * valuesOf(w)[indexOf(w.shape, [o!, c!, a!, k!])]!,
        b[o!]!,
      ),
    );
    expectClose(await computed(y), expected);
  });

  test('starts within ±1/√(inputs of one output), or at zero; stride halves', () => {
    const x = input('x', [1, 4, 6, 6]);
    expect(startOf((scope, h) => conv(scope, h, 2), [4, 6, 6])).toEqual({
      weight: [[2, 4, 3, 3], { bound: 1 / 6 }],
      bias: [[2], { bound: 1 / 6 }],
    });
    expect(startOf((scope, h) => conv(scope, h, 2, { kernel: 1, zero: true }), [4, 6, 6])).toEqual({
      weight: [[2, 4, 1, 1], 0],
      bias: [[2], 0],
    });
    const half = buildWith((scope, h) => conv(scope, h, 2, { stride: 2 }), x, 'initial');
    expect(half.y.shape).toEqual([1, 2, 3, 3]);
  });
});

test('norm starts with weight 1 and bias 0', () => {
  expect(startOf((scope, h) => norm(scope, h, { groups: 2 }), [4, 2, 2])).toEqual({
    weight: [[4], 1],
    bias: [[4], 0],
  });
});

describe('norm with a modulation', () => {
  const x = normalInput(draw, [2, 4, 3, 2]);
  const plain = buildWith((scope, h) => norm(scope, h, { groups: 2 }), x, 'random').y;

  test.each([1, 2])('is norm(x)·(1 + scale) + shift, for %i rows', async (rows) => {
    const [scale, shift] = [normalInput(draw, [rows, 4]), normalInput(draw, [rows, 4])];
    const modulation = { scale, shift };
    const modulated: Network = (scope, h) =>
      norm(scope, h, { groups: 2 }, rows === 1 || h === x ? modulation : undefined);
    const results = await evaluate({ plain, y: buildWith(modulated, x, 'random').y });
    const expected = positions(x.shape).map(([n, c, i, j]) => {
      const at = (rows === 1 ? 0 : n!) * 4 + c!;
      const value = results.plain[indexOf(x.shape, [n!, c!, i!, j!])]!;
      return value * (1 + valuesOf(scale)[at]!) + valuesOf(shift)[at]!;
    });
    expectClose(results.y, expected);
  });
});

describe('resBlock', () => {
  const embedding = normalInput(draw, [1, 5]);
  const specsOf = (options: Partial<ResBlockOptions>) =>
    startOf((scope, h) => resBlock(scope, h, 8, { groups: 4, ...options }), [8, 4, 4]);

  test('has a linear layer for an embedding, twice as wide where that scales and shifts', () => {
    expect(specsOf({ embedding })).toMatchObject({ 'emb_layers.1.weight': [[8, 5], {}] });
    expect(specsOf({ embedding, scaleShiftNorm: true })).toMatchObject({
      'emb_layers.1.weight': [[16, 5], {}],
    });
    expect(specsOf({ scaleShiftNorm: true })).not.toHaveProperty(['emb_layers.1.weight']);
  });

  test.each([false, true])(
    'one embedding is the same as its copy for each example',
    async (scaleShiftNorm) => {
      const x = normalInput(draw, [2, 8, 4, 4]);
      const values = [...valuesOf(embedding)];
      const copies = fed([2, 5], [...values, ...values]);
      const blockWith = (given: Tensor): Network => {
        const options = { groups: 4, scaleShiftNorm };
        return (scope, h) =>
          resBlock(scope, h, 8, { ...options, embedding: h === x ? given : embedding });
      };
      const { y: one } = buildWith(blockWith(embedding), x, 'random');
      const { y: each } = buildWith(blockWith(copies), x, 'random');
      const results = await evaluate({ one, each });
      expectClose(results.one, results.each);
    },
  );

  test.each([
    ['down', [2, 8, 2, 3]],
    ['up', [2, 8, 8, 12]],
  ] as const)('resamples %s, and starts as the resampling alone', async (resample, shape) => {
    const x = normalInput(draw, [2, 8, 4, 6]);
    const { y } = buildWith(
      (scope, h) => resBlock(scope, h, 8, { groups: 4, resample }),
      x,
      'initial',
    );
    expect(y.shape).toEqual(shape);
    const results = await evaluate({ y, plain: resample === 'down' ? halve(x) : repeat(x) });
    expect(results.y).toEqual(results.plain);
  });

  test('starts as the identity', async () => {
    const x = normalInput(draw, [2, 8, 3, 3]);
    const block: Network = (scope, h) => resBlock(scope, h, 8, { groups: 4 });
    const { y, specs } = buildWith(block, x, 'initial');
    expect(await computed(y)).toEqual([...valuesOf(x)]);
    // Two norms of 2·8 and two convolutions of 8·8·9 + 8.
    expect(specs.map(({ name }) => name)).toEqual(
      ['in_layers.0', 'in_layers.2', 'out_layers.0', 'out_layers.3'].flatMap((layer) => [
        `${layer}.weight`,
        `${layer}.bias`,
      ]),
    );
  });

  test('starts as its 1×1 skip where channels change, and is more once trained', async () => {
    const x = normalInput(draw, [2, 4, 2, 2]);
    const block: Network = (scope, h) => resBlock(scope, h, 8, { groups: 4 });
    const skipOf: Network = (scope, h) => conv(scope.at('skip_connection'), h, 8, { kernel: 1 });
    const { y, parameters } = buildWith(block, x, 'initial');
    const weights = valuesOf(parameters['skip_connection.weight']!);
    const biases = valuesOf(parameters['skip_connection.bias']!);
    const expected = positions(y.shape).map(([n, o, i, j]) =>
      [0, 1, 2, 3].reduce(
        (sum, c) => sum + weights[o! * 4 + c]! * valuesOf(x)[indexOf(x.shape, [n!, c, i!, j!])]!,
        biases[o!]!,
      ),
    );
    expectClose(await computed(y), expected);
    const trained = buildWith(block, x, 'random').y;
    const skip = buildWith(skipOf, x, 'random').y;
    const result = await evaluate({ trained, skip });
    expect(result.trained).not.toEqual(result.skip);
  });
});

describe('spaceToDepth and depthToSpace', () => {
  test('a tile becomes channels, row by row', async () => {
    const x = normalInput(draw, [2, 2, 4, 6]);
    const y = spaceToDepth(x, 2);
    expect(y.shape).toEqual([2, 8, 2, 3]);
    const expected = positions(y.shape).map(([n, deep, i, j]) => {
      const [c, a, b] = [Math.floor(deep! / 4), Math.floor(deep! / 2) % 2, deep! % 2];
      return valuesOf(x)[indexOf(x.shape, [n!, c, 2 * i! + a, 2 * j! + b])]!;
    });
    expect(await computed(y)).toEqual(expected);
  });

  test.each([1, 2, 3])('are inverse to each other, patch %i', async (patch) => {
    const x = normalInput(draw, [2, 3, 2 * patch, 3 * patch]);
    expect(await computed(depthToSpace(spaceToDepth(x, patch), patch))).toEqual([...valuesOf(x)]);
    const deep = normalInput(draw, [2, 3 * patch * patch, 2, 3]);
    const back = spaceToDepth(depthToSpace(deep, patch), patch);
    expect(await computed(back)).toEqual([...valuesOf(deep)]);
  });

  test('sizes that do not divide', () => {
    const x = input('digits', [1, 3, 5, 4]);
    expect(() => spaceToDepth(x, 2)).toThrow(
      'spaceToDepth: height and width must divide by 2 (given digits [1, 3, 5, 4])',
    );
    expect(() => depthToSpace(x, 2)).toThrow(
      'depthToSpace: channels must divide by 4 (given digits [1, 3, 5, 4])',
    );
  });
});

test('halve takes means of 2×2 pixels, repeat doubles each', async () => {
  const x = normalInput(draw, [1, 2, 4, 6]);
  const [half, double] = [halve(x), repeat(x)];
  const results = await evaluate({ half, double });
  const at = (n: number, c: number, i: number, j: number) =>
    valuesOf(x)[indexOf(x.shape, [n, c, i, j])]!;
  const means = positions([1, 2, 2, 3]).map(
    ([n, c, i, j]) =>
      [0, 1, 2, 3].reduce((sum, k) => sum + at(n!, c!, 2 * i! + (k >> 1), 2 * j! + (k % 2)), 0) / 4,
  );
  expectClose(results.half, means);
  expect(results.double).toEqual(
    positions([1, 2, 8, 12]).map(([n, c, i, j]) => at(n!, c!, i! >> 1, j! >> 1)),
  );
});

describe('the filter [1, 3, 3, 1]', () => {
  const x = normalInput(draw, [2, 3, 4, 6]);
  /** Of a row or a column, with zeros around it. */
  const at = (n: number, c: number, i: number, j: number) =>
    i >= 0 && i < 4 && j >= 0 && j < 6 ? valuesOf(x)[indexOf(x.shape, [n, c, i, j])]! : 0;
  const taps = [1, 3, 3, 1];

  test('going down, weighs four pixels along each axis', async () => {
    const y = resize(x, 'down', { filter: 'binomial' });
    const expected = positions([2, 3, 2, 3]).map(([n, c, i, j]) =>
      positions([4, 4]).reduce(
        (sum, [a, b]) =>
          sum + (taps[a!]! * taps[b!]! * at(n!, c!, 2 * i! - 1 + a!, 2 * j! - 1 + b!)) / 64,
        0,
      ),
    );
    expectClose(await computed(y), expected);
  });

  test('going up, spreads each pixel over four along each axis', async () => {
    const y = resize(x, 'up', { filter: 'binomial' });
    const spread = new Float64Array(2 * 3 * 8 * 12);
    for (const [n, c, i, j, a, b] of positions([2, 3, 4, 6, 4, 4])) {
      const [row, column] = [2 * i! - 1 + a!, 2 * j! - 1 + b!];
      if (row < 0 || row >= 8 || column < 0 || column >= 12) continue;
      spread[indexOf(y.shape, [n!, c!, row, column])]! +=
        (taps[a!]! * taps[b!]! * at(n!, c!, i!, j!)) / 16;
    }
    expectClose(await computed(y), [...spread]);
  });

  test('smoothing is its own adjoint', async () => {
    const probe = normalInput(draw, x.shape);
    const [gradient] = grad(reduceSum(mul(smooth(x), probe)), [x]);
    const { ours, theirs } = await evaluate({ ours: gradient!, theirs: smooth(probe) });
    expectClose(ours, theirs!);
  });
});

describe('groups of at least some channels', () => {
  test.each([
    [64, 32, 4, 16],
    [256, 32, 4, 32],
    [18, 32, 4, 4],
    [64, 32, undefined, 32],
  ])('of %i channels, at most %i groups of at least %s: %i', (channels, groups, groupSize, own) => {
    expect(groupsOf(channels, { groups, groupSize })).toBe(own);
  });
});

test('groups that do not divide the channels', () => {
  const block: Network = (scope, h) => resBlock(scope, h, 6, { groups: 4 });
  expect(() => listParameters(block, [6, 2, 2])).toThrow(GraphError);
  expect(() => listParameters(block, [6, 2, 2])).toThrow('4 groups');
});
