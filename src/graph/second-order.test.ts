/** Gradients of gradients against central differences of the first gradient. */
import { expect, test } from 'vitest';
import { compile } from './compile.ts';
import { grad, pullBack } from './gradient.ts';
import type { HostArray } from './host.ts';
import * as ops from './ops/index.ts';
import { constant, sizeOf, type Tensor } from './tensor.ts';
import {
  createDraw,
  type Draw,
  expectClose,
  fed,
  fedInputs,
  normalInput,
  valuesOf,
} from './testing.ts';

/** A scalar function of some inputs. */
type MakeLoss = (draw: Draw) => { readonly inputs: readonly Tensor[]; readonly loss: Tensor };

/** Σ over elements of a fixed random weight times y + y²/2: both its gradients are generic. */
function weigh(draw: Draw, y: Tensor): Tensor {
  const weight = constant(draw.normal(sizeOf(y.shape)), y.shape);
  return ops.reduceSum(ops.mul(weight, ops.add(y, ops.mul(0.5, ops.mul(y, y)))));
}

const ofOne =
  (shape: readonly number[], f: (x: Tensor) => Tensor): MakeLoss =>
  (draw) => {
    const x = normalInput(draw, shape);
    return { inputs: [x], loss: weigh(draw, f(x)) };
  };

const ofTwo =
  (a: readonly number[], b: readonly number[], f: (a: Tensor, b: Tensor) => Tensor): MakeLoss =>
  (draw) => {
    const inputs = [normalInput(draw, a), normalInput(draw, b)] as const;
    return { inputs, loss: weigh(draw, f(...inputs)) };
  };

const normalise = (draw: Draw, x: Tensor, groups: number) => {
  const channels = x.shape[1]!;
  const parameters = [normalInput(draw, [channels]), normalInput(draw, [channels])] as const;
  return { y: ops.groupNorm(x, ...parameters, { groups }), parameters };
};

const compositions: Readonly<Record<string, MakeLoss>> = {
  'conv2d, stride 1': ofTwo([2, 3, 4, 5], [4, 3, 3, 3], (x, w) => ops.conv2d(x, w, { padding: 1 })),
  'conv2d, stride 2': ofTwo([1, 2, 5, 5], [2, 2, 3, 3], (x, w) =>
    ops.conv2d(x, w, { stride: 2, padding: 1 }),
  ),
  'conv2d, 1×1': ofTwo([2, 16, 2, 3], [3, 16, 1, 1], (x, w) => ops.conv2d(x, w)),
  convTranspose2d: ofTwo([1, 3, 3, 3], [3, 2, 3, 3], (y, w) =>
    ops.convTranspose2d(y, w, { stride: 2, padding: 1 }),
  ),
  softmax: ofOne([3, 4], (x) => ops.softmax(x)),
  silu: ofOne([7], ops.silu),
  gelu: ofOne([7], ops.gelu),
  'sigmoid, tanh, softplus, erf': ofOne([6], (x) =>
    ops.mul(ops.mul(ops.sigmoid(x), ops.tanh(x)), ops.mul(ops.softplus(x), ops.erf(x))),
  ),
  'division and power': ofOne([5], (x) =>
    ops.div(ops.exp(x), ops.pow(ops.add(1, ops.mul(x, x)), 1.5)),
  ),
  groupMean: ofOne([2, 4, 2, 3], (x) =>
    ops.exp(ops.groupMean(ops.mul(x, 8), { groups: 2, epsilon: 1e-5 })),
  ),
  'sums and products by channel': (draw) => {
    const [x, y] = [1, 2].map(() => normalInput(draw, [2, 16, 2, 2])) as [Tensor, Tensor];
    const made = ops.affine(x, ops.channelDots(x, y), ops.channelSums(ops.mul(x, y)));
    return { inputs: [x, y], loss: weigh(draw, made) };
  },
  inverseDeviation: ofOne([2, 4, 2, 3], (x) =>
    ops.inverseDeviation(x, { groups: 2, epsilon: 1e-5 }),
  ),
  'groupNorm in all of its inputs': (draw) => {
    const x = normalInput(draw, [2, 4, 2, 3]);
    const { y, parameters } = normalise(draw, x, 2);
    return { inputs: [x, ...parameters], loss: weigh(draw, y) };
  },
  'attention: matMul, softmax, matMul': (draw) => {
    const inputs = [1, 2, 3].map(() => normalInput(draw, [2, 3, 4])) as [Tensor, Tensor, Tensor];
    const [query, key, value] = inputs;
    const match = ops.softmax(ops.matMul(query, key, { transposeB: true }));
    return { inputs, loss: weigh(draw, ops.matMul(match, value)) };
  },
  'pool, upsample, broadcast sum': ofTwo([1, 2, 4, 4], [2, 1, 1], (x, b) =>
    ops.mul(ops.silu(ops.upsampleNearest(ops.avgPool(x, 2), 2)), ops.add(b, x)),
  ),
  'means and maxima of windows that overlap': (draw) => {
    const order = draw.order(2 * 5 * 4);
    const x = fed(
      [1, 2, 5, 4],
      Float32Array.from(order, (rank) => 0.1 * (rank - 20)),
    );
    const means = ops.avgPool(ops.silu(x), 3, { stride: 1, padding: 1 });
    const largest = ops.maxPool(ops.silu(ops.mul(3, x)), 3, { stride: 1, padding: 1 });
    return { inputs: [x], loss: weigh(draw, ops.mul(means, largest)) };
  },
  'residual block: norm, SiLU, conv, add': (draw) => {
    const x = normalInput(draw, [2, 4, 3, 4]);
    const w = fed([4, 4, 3, 3], draw.uniform(144, -0.3, 0.3));
    const { y, parameters } = normalise(draw, x, 2);
    const out = ops.add(x, ops.conv2d(ops.silu(y), w, { padding: 1 }));
    return { inputs: [x, w, ...parameters], loss: weigh(draw, out) };
  },
};

/** H·v by differentiating ⟨∇f, v⟩, and (∇f(x + hv) − ∇f(x − hv))/2h. */
async function hessianProducts(make: MakeLoss, seed: number, step: number) {
  const draw = createDraw(seed);
  const { inputs, loss } = make(draw);
  const directions = inputs.map(({ shape }) => draw.uniform(sizeOf(shape), -1, 1));
  const first = grad(loss, inputs);
  const along = first
    .map((gradient, i) =>
      ops.reduceSum(ops.mul(gradient, constant(directions[i]!, gradient.shape))),
    )
    .reduce((sum, part) => ops.add(ops.reshape(sum, []), ops.reshape(part, [])));
  const second = grad(along, inputs);
  const outputs: Record<string, Tensor> = {};
  for (const [i, gradient] of first.entries()) outputs[`first${i}`] = gradient;
  for (const [i, gradient] of second.entries()) outputs[`second${i}`] = gradient;
  const feeds = fedInputs(Object.values(outputs));
  const program = await compile({ inputs: feeds, outputs, device: 'cpu', threads: 1 });
  const runAt = async (h: number, name: string) => {
    const at: Record<string, HostArray> = {};
    inputs.forEach((tensor, i) => {
      at[tensor.name] = valuesOf(tensor).map((x, k) => x + h * directions[i]![k]!);
    });
    const result: Readonly<Record<string, HostArray>> = await program(at);
    return inputs.flatMap((_, i) => Array.from(result[`${name}${i}`] as Float32Array));
  };
  const exact = await runAt(0, 'second');
  const [above, below] = [await runAt(step, 'first'), await runAt(-step, 'first')];
  await program.release();
  return { exact, differences: above.map((value, k) => (value - below[k]!) / (2 * step)) };
}

test.each(Object.entries(compositions))('%s', async (_, make) => {
  const { exact, differences } = await hessianProducts(make, 77, 4e-3);
  // Measured against the largest entry: truncation h²·f''''/6 and rounding 1e-7·|∇f|/h.
  expectClose(exact, differences, 2e-3);
  expect(Math.max(...exact.map(Math.abs))).toBeGreaterThan(0.1);
});

test('third order: x⁴ differentiated three times is 24x', async () => {
  const x = fed([3], [0.5, -1, 2]);
  const square = ops.mul(x, x);
  let y = ops.mul(square, square);
  for (let order = 0; order < 3; order++) [y] = grad(ops.reduceSum(y), [x]) as [Tensor];
  const program = await compile({ inputs: fedInputs([y]), outputs: { y }, device: 'cpu' });
  expectClose((await program({ [x.name]: valuesOf(x) })).y as Float32Array, [12, -24, 48]);
  await program.release();
});

test('a whole Hessian by pulling back unit vectors', async () => {
  // Hessian of f(x) = Σ sin(xᵢ)·xᵢ is diagonal, 2cos x − x sin x: pull back each unit vector.
  const x = fed([3], [0.3, 1.2, -2]);
  const [score] = grad(ops.reduceSum(ops.mul(ops.sin(x), x)), [x]) as [Tensor];
  const rows = [0, 1, 2].map(
    (i) =>
      pullBack(score, [x], constant(Float32Array.from({ length: 3 }, (_, j) => +(i === j))))[0]!,
  );
  const y = ops.concat(rows);
  const program = await compile({ inputs: fedInputs([y]), outputs: { y }, device: 'cpu' });
  const result = (await program({ [x.name]: valuesOf(x) })).y as Float32Array;
  await program.release();
  const diagonal = [...valuesOf(x)].map((v) => 2 * Math.cos(v) - v * Math.sin(v));
  expectClose(
    result,
    [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => (i === j ? diagonal[i]! : 0))),
  );
});
