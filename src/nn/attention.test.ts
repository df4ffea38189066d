import { expect, test } from 'vitest';
import {
  computed,
  createDraw,
  expectClose,
  indexOf,
  normalInput,
  positions,
  valuesOf,
} from '../graph/testing.ts';
import { type AttentionOptions, attention } from './attention.ts';
import { listParameters, type Network } from './scope.ts';
import { buildWith } from './testing.ts';

const options = { groups: 2, heads: 2 };
const network: Network = (scope, x) => attention(scope, x, options);
const ordered =
  (order: NonNullable<AttentionOptions['order']>): Network =>
  (scope, x) =>
    attention(scope, x, { ...options, order });
const [batch, channels, height, width] = [2, 4, 2, 3];
const shape = [batch, channels, height, width];
const cells = height * width;
const x = normalInput(createDraw(71), shape);

test('starts as the identity', async () => {
  expect(await computed(buildWith(network, x, 'initial').y)).toEqual([...valuesOf(x)]);
});

type Matrix = number[][];
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const grid = (rows: number, columns: number, f: (i: number, j: number) => number): Matrix =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));

/** Group normalisation of one example [channels][cells], by the formula. */
function normalise(h: Matrix, weight: Float32Array, bias: Float32Array): Matrix {
  const size = channels / options.groups;
  return h.map((_, c) => {
    const first = Math.floor(c / size) * size;
    const group = h.slice(first, first + size).flat();
    const mean = sum(group) / group.length;
    const variance = sum(group.map((v) => (v - mean) ** 2)) / group.length;
    return h[c]!.map((v) => ((v - mean) / Math.sqrt(variance + 1e-5)) * weight[c]! + bias[c]!);
  });
}

/** A 1×1 convolution: a matrix of one example's channels. */
function mix(h: Matrix, weight: Float32Array, bias: Float32Array): Matrix {
  const inputs = h.length;
  return grid(bias.length, cells, (o, p) =>
    h.reduce((total, row, c) => total + weight[o * inputs + c]! * row[p]!, bias[o]!),
  );
}

/** Softmax attention of one head over cells (Vaswani et al. 2017, equation 1). */
function attend(query: Matrix, key: Matrix, value: Matrix): Matrix {
  const size = query.length;
  const weights = grid(cells, cells, (to, from) =>
    Math.exp(sum(query.map((row, i) => row[to]! * key[i]![from]!)) / Math.sqrt(size)),
  );
  return grid(size, cells, (i, to) => {
    const row = weights[to]!;
    return sum(row.map((w, from) => w * value[i]![from]!)) / sum(row);
  });
}

test.each(['headsFirst', 'headsLast'] as const)('against plain loops, %s', async (order) => {
  const { y, parameters } = buildWith(ordered(order), x, 'random');
  const get = (name: string) => valuesOf(parameters[name]!);
  const examples = Array.from({ length: batch }, (_, n) => {
    const h = grid(channels, cells, (c, p) => valuesOf(x)[(n * channels + c) * cells + p]!);
    const normal = normalise(h, get('norm.weight'), get('norm.bias'));
    const together = mix(normal, get('qkv.weight'), get('qkv.bias'));
    const size = channels / options.heads;
    const part = (which: number, head: number) => {
      const start = (order === 'headsFirst' ? 3 * head + which : 2 * which + head) * size;
      return together.slice(start, start + size);
    };
    const heads = [0, 1].flatMap((head) => attend(part(0, head), part(1, head), part(2, head)));
    const out = mix(heads, get('proj_out.weight'), get('proj_out.bias'));
    return grid(channels, cells, (c, p) => h[c]![p]! + out[c]![p]!);
  });
  expectClose(await computed(y), examples.flat(2));
});

test('a permutation of the cells permutes the result', async () => {
  const order = createDraw(8).order(cells);
  const permuted = Float32Array.from(positions(shape), ([n, c, i, j]) => {
    const from = order[i! * width + j!]!;
    return valuesOf(x)[indexOf(shape, [n!, c!, Math.floor(from / width), from % width])]!;
  });
  const other = normalInput(createDraw(71), shape);
  valuesOf(other).set(permuted);
  const [plain, moved] = [
    await computed(buildWith(network, x, 'random').y),
    await computed(buildWith(network, other, 'random').y),
  ];
  const expected = positions(shape).map(([n, c, i, j]) => {
    const from = order[i! * width + j!]!;
    return plain[indexOf(shape, [n!, c!, Math.floor(from / width), from % width])]!;
  });
  expectClose(moved, expected);
});

test('channels that do not split into heads', () => {
  const three: Network = (scope, h) => attention(scope, h, { groups: 1, heads: 3 });
  expect(() => listParameters(three, [4, 2, 2])).toThrow(
    'attention: channels do not split into 3 heads (given x [1, 4, 2, 2])',
  );
});
