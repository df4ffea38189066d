import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../gradient.ts';
import { probeChannelBlock } from '../runtime.ts';
import { constant, type Shape, sizeOf, type Tensor } from '../tensor.ts';
import {
  createDraw,
  type Draw,
  evaluate,
  evaluatePortable,
  expectClose,
  fed,
  lowered,
  normalInput,
} from '../testing.ts';
import { add } from './add.ts';
import { affine } from './affine.ts';
import { avgPool } from './avg-pool.ts';
import { channelDots } from './channel-dots.ts';
import { channelSums } from './channel-sums.ts';
import { concat } from './concat.ts';
import { conv2d } from './conv2d.ts';
import { groupNorm } from './group-norm.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduce-sum.ts';
import { silu } from './silu.ts';
import { slice } from './slice.ts';
import { tanh } from './tanh.ts';
import { transpose } from './transpose.ts';
import { upsampleNearest } from './upsample-nearest.ts';

const block = await probeChannelBlock();

/** A network under construction: its parameters, and every image made so far. */
interface Net {
  readonly draw: Draw;
  readonly parameters: Tensor[];
  readonly images: Tensor[];
}

type Image = readonly [number, number, number, number];

const shapeOf = ({ shape }: Tensor) => shape as Image;

function parameter(net: Net, shape: Shape, scale: number, mean = 0): Tensor {
  const { draw, parameters } = net;
  const made = fed(shape, draw.uniform(sizeOf(shape), mean - scale, mean + scale));
  parameters.push(made);
  return made;
}

function conv(net: Net, x: Tensor, kernel: number, stride: number): Tensor {
  const inputs = shapeOf(x)[1];
  const outputs = net.draw.pick([3, 8, 16, 24, 32]);
  const scale = 2 / Math.sqrt(inputs * kernel * kernel);
  const weight = parameter(net, [outputs, inputs, kernel, kernel], scale);
  const options = { stride, padding: (kernel - 1) / 2 };
  if (net.draw.integer(0, 1) === 0) return conv2d(x, weight, options);
  return conv2d(x, weight, { ...options, bias: parameter(net, [outputs], 1) });
}

/** An image of before that `fits`, or else x. */
function earlier({ draw, images }: Net, x: Tensor, fits: (image: Tensor) => boolean): Tensor {
  const found = images.filter(fits);
  return found.length === 0 ? x : draw.pick(found);
}

const sameSize = (x: Tensor, from: 1 | 2) => (image: Tensor) =>
  image.shape.slice(from).join() === x.shape.slice(from).join();

/** What may follow an image; one that does not fit it leaves it. */
const steps: Readonly<Record<string, (net: Net, x: Tensor) => Tensor>> = {
  conv3: (net, x) => conv(net, x, 3, 1),
  conv1: (net, x) => conv(net, x, 1, 1),
  convDown: (net, x) => (shapeOf(x)[2] > 2 ? conv(net, x, 3, 2) : x),
  norm: (net, x) => {
    const [, channels, height, width] = shapeOf(x);
    const groups = [8, 4, 2, 1].find(
      (count) => channels % count === 0 && (channels / count) * height * width >= 16,
    );
    if (groups === undefined) return x;
    // A scale near 0 followed by another norm would be ill-conditioned.
    const scale = parameter(net, [channels], 0.5, 1);
    return groupNorm(x, scale, parameter(net, [channels], 1), { groups });
  },
  silu: (_, x) => silu(x),
  add: (net, x) => add(x, earlier(net, x, sameSize(x, 1))),
  multiply: (net, x) => mul(x, tanh(earlier(net, x, sameSize(x, 1)))),
  concat: (net, x) => {
    const other = earlier(net, x, sameSize(x, 2));
    return shapeOf(x)[1] + shapeOf(other)[1] > 64 ? x : concat([x, other], 1);
  },
  slice: ({ draw }, x) => {
    const [batch, channels, height, width] = shapeOf(x);
    const unit = draw.pick([1, 8, 16]);
    const start = unit * draw.integer(0, Math.floor((channels - 1) / unit));
    const length = unit * draw.integer(1, Math.ceil((channels - start) / unit));
    const end = Math.min(channels, start + length);
    return slice(x, [0, start, 0, 0], [batch, end, height, width]);
  },
  pool: (_, x) => (shapeOf(x)[2] % 2 === 0 && shapeOf(x)[3] % 2 === 0 ? avgPool(x) : x),
  upsample: (_, x) => (shapeOf(x)[2] > 4 ? x : upsampleNearest(x)),
  gate: (net, x) => {
    const share = 1 / sizeOf(x.shape.slice(2));
    const dots = channelDots(x, earlier(net, x, sameSize(x, 1)));
    // As for the norm: what it makes must not be a constant with little on it.
    const scale = add(1, mul(tanh(mul(channelSums(x), share)), 0.5));
    return affine(x, scale, mul(tanh(mul(dots, share)), 0.5));
  },
  turn: (_, x) => transpose(x, [0, 1, 3, 2]),
};

/**
 * A random network's image, and the gradients of a weighted sum of it in everything it is made
 * from.
 */
function build(names: readonly string[], seed: number): Record<string, Tensor> {
  const draw = createDraw(seed);
  const shape = [draw.integer(1, 2), draw.pick([3, 16, 32]), draw.pick([4, 8]), draw.pick([4, 6])];
  const x = normalInput(draw, shape);
  const net: Net = { draw, parameters: [x], images: [x] };
  for (const name of names) net.images.push(steps[name]!(net, net.images.at(-1)!));
  const y = net.images.at(-1)!;
  const weights = constant(draw.normal(sizeOf(y.shape)), y.shape);
  // Everything made is part of the loss, so that every parameter has a gradient.
  const others = net.images.map((image) => reduceSum(mul(image, 0.1)));
  const loss = [reduceSum(mul(y, weights)), ...others].reduce((sum, part) => add(sum, part));
  const gradients = grad(loss, net.parameters);
  return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient])) };
}

async function expectSame(outputs: Record<string, Tensor>): Promise<void> {
  const [blocked, portable] = [await evaluate(outputs), await evaluatePortable(outputs)];
  for (const name of Object.keys(outputs)) expectClose(blocked[name]!, portable[name]!, 1e-4);
}

describe('in blocks and out of them, a network has the same values and gradients', () => {
  test('any sequence of ops', async () => {
    const names = fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 3, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(names, fc.nat(1000), (drawn, seed) => expectSame(build(drawn, seed))),
      { seed: 51, numRuns: 60 },
    );
  });

  test.each([0, 1, block / 2 + 1, block])('a slice from channel %i', async (start) => {
    const length = block || 4;
    const draw = createDraw(53);
    const x = normalInput(draw, [2, 3, 4, 4]);
    const h = conv2d(x, normalInput(draw, [2 * length, 3, 3, 3]));
    await expectSame({ y: slice(h, [0, start, 0, 0], [2, start + length, 2, 2]) });
  });

  test('a residual block, which is in blocks throughout', async () => {
    const names = ['conv3', 'norm', 'silu', 'conv3', 'add', 'concat', 'slice', 'pool', 'conv1'];
    for (const seed of [1, 2, 3, 4]) await expectSame(build(names, seed));
  });
});

test.skipIf(block === 0)('between two ops on blocks, nothing is reordered', async () => {
  const draw = createDraw(52);
  const channels = 2 * block;
  const [x, first, second] = [
    normalInput(draw, [2, channels, 4, 4]),
    normalInput(draw, [channels, channels, 3, 3]),
    normalInput(draw, [channels, channels, 3, 3]),
  ] as const;
  const scale = normalInput(draw, [channels]);
  const h = silu(groupNorm(conv2d(x, first, { padding: 1 }), scale, scale, { groups: 4 }));
  const halves = [0, block].map((start) => slice(h, [0, start, 0, 0], [2, start + block, 4, 4]));
  const mixed = upsampleNearest(avgPool(concat(halves, 1)));
  const y = add(conv2d(mixed, second, { padding: 1 }), h);
  const ops = (await lowered({ y })).nodes.map(({ op }) => op);
  const count = (name: string) => ops.filter((op) => op === name).length;
  // Reordered: x and both weights. Added: the ε of the norm; the sum of images is in a convolution.
  expect([count('ReorderInput'), count('ReorderOutput'), count('Add')]).toEqual([3, 1, 1]);
  expect(ops).not.toContain('BlockedSum');
});
