import { describe, expect, test } from 'vitest';
import { grad } from './gradient.ts';
import * as ops from './ops/index.ts';
import { recompute } from './recompute.ts';
import { probeChannelBlock } from './runtime.ts';
import type { Tensor } from './tensor.ts';
import {
  computed,
  createDraw,
  evaluate,
  expectClose,
  fed,
  lowered,
  normalInput,
  valuesOf,
} from './testing.ts';

type Block = (inputs: readonly Tensor[], parameters: readonly Tensor[]) => Tensor;

const draw = createDraw(81);
const x = normalInput(draw, [2, 16, 4, 4]);
const gain = normalInput(draw, [2, 16]);
const weights = Array.from({ length: 4 }, () =>
  fed(
    [16, 16, 3, 3],
    draw.normal(16 * 16 * 9).map((value) => value / 12),
  ),
);

/** Two inputs, two parameters, two convolutions. */
const block: Block = ([h, scale], [first, second]) => {
  const inner = ops.silu(ops.affine(ops.conv2d(h!, first!, { padding: 1 }), scale!));
  return ops.add(h!, ops.conv2d(inner, second!, { padding: 1 }));
};

/** Two blocks one after another, each made by `make`; the gradients of Σ y⁴. */
function network(make: (block: Block) => Block) {
  const between = make(block)([x, gain], weights.slice(0, 2));
  const y = make(block)([between, ops.tanh(gain)], weights.slice(2));
  const square = ops.mul(y, y);
  const loss = ops.reduceSum(ops.mul(square, square));
  const gradients = grad(loss, [x, gain, ...weights]);
  return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient ${i}`, gradient])) };
}

const plain = network((build) => build);
const again = network(
  (build) =>
    (...given) =>
      recompute(build, ...given),
);

const count = (nodes: readonly { readonly op: string }[], op: string) =>
  nodes.filter((node) => node.op === op).length;

describe('recompute', () => {
  test('gives the values and gradients of what it wraps', async () => {
    const [expected, actual] = [await evaluate(plain), await evaluate(again)];
    expect(Object.keys(actual)).toHaveLength(7);
    for (const [name, values] of Object.entries(expected)) {
      expectClose((actual as typeof expected)[name as 'y'], values);
    }
  });

  test('computes what is inside a second time for the gradients, and not without them', async () => {
    const convs = async (outputs: Record<string, Tensor>, target?: 'portable') =>
      count((await lowered(outputs, target)).nodes, 'Conv');
    // In each block the first convolution and `affine`, which is one on blocks. What the second
    // convolution makes is not needed again.
    const extra = (await convs(again)) - (await convs(plain));
    expect(extra).toBe((await probeChannelBlock()) > 0 ? 4 : 2);
    expect(await convs({ y: again.y })).toBe(await convs({ y: plain.y }));
    // Elsewhere equal nodes are one.
    expect(await convs(again, 'portable')).toBe(await convs(plain, 'portable'));
  });

  test('waits for the cotangent of each block', async () => {
    expect(count((await lowered(again)).nodes, 'Less')).toBe(2);
    expect(count((await lowered({ y: again.y })).nodes, 'Less')).toBe(0);
  });

  test('what waits may be reshaped, alone or in blocks', async () => {
    const flat = ops.reshape(ops.after(x, gain), [-1]);
    const h = ops.after(ops.conv2d(x, weights[0]!, { padding: 1 }), gain);
    const twice = ops.reshape(ops.after(ops.reshape(h, [32, 16]), flat), [8, 64]);
    const result = await evaluate({ flat, twice });
    expect(result.flat).toEqual([...valuesOf(x)]);
    expectClose(result.twice, await computed(ops.conv2d(x, weights[0]!, { padding: 1 })));
  });

  test('can be differentiated twice', async () => {
    const a = normalInput(draw, [3]);
    const cube: Block = ([u], [v]) => ops.mul(ops.mul(u!, u!), v!);
    const b = normalInput(draw, [3]);
    const secondOf = (build: Block) => {
      const [first] = grad(ops.reduceSum(build([a], [b])), [a]);
      return grad(ops.reduceSum(ops.mul(first, first)), [a, b]);
    };
    // d/da (2ab)² = 8ab², d/db = 8a²b.
    const [byA, byB] = secondOf((...given) => recompute(cube, ...given));
    const expected = {
      byA: ops.mul(ops.mul(a, 8), ops.mul(b, b)),
      byB: ops.mul(ops.mul(a, a), ops.mul(b, 8)),
    };
    const result = await evaluate({ byA: byA!, byB: byB! });
    const closed = await evaluate(expected);
    expectClose(result.byA, closed.byA);
    expectClose(result.byB, closed.byB);
  });
});
