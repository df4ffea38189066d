import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { grad, pullBack } from './gradient.ts';
import * as ops from './ops/index.ts';
import { constant, input, named, type Tensor } from './tensor.ts';
import {
  computed,
  createDraw,
  evaluate,
  expectClose,
  fed,
  normalInput,
  valuesOf,
} from './testing.ts';

describe('grad', () => {
  test('adds up over every use of a tensor', async () => {
    const x = fed([2], [3, -1]);
    const y = ops.add(ops.mul(x, x), ops.mul(x, 5));
    const [gradient] = grad(ops.reduceSum(y), [x]) as [Tensor];
    expect(await computed(gradient)).toEqual([11, 3]);
  });

  test('of a tensor inside the graph holds the others fixed', async () => {
    const x = fed([2], [3, -1]);
    const square = ops.mul(x, x);
    const [bySquare, byX] = grad(ops.reduceSum(ops.mul(square, x)), [square, x]) as [
      Tensor,
      Tensor,
    ];
    const y = await evaluate({ bySquare, byX });
    expect(y).toEqual({ bySquare: [3, -1], byX: [27, 3] });
  });

  test('of the loss itself is 1', async () => {
    const loss = ops.reduceSum(fed([2], [3, -1]));
    expect(await computed(grad(loss, [loss])[0]!)).toEqual([1]);
  });

  test('flows through names', async () => {
    const x = fed([2], [3, -1]);
    const y = named('squares', ops.mul(named('codes', x), x));
    const [byY, byX] = grad(ops.reduceSum(ops.mul(y, y)), [y, x]) as [Tensor, Tensor];
    expect(await evaluate({ byY, byX })).toEqual({ byY: [18, 2], byX: [108, -4] });
  });

  test('stopGradient cuts one path and leaves the other', async () => {
    const x = fed([2], [3, -1]);
    const [gradient] = grad(ops.reduceSum(ops.mul(x, ops.stopGradient(x))), [x]) as [Tensor];
    expect(await computed(gradient)).toEqual([3, -1]);
  });

  test('survives a graph 20,000 ops deep', () => {
    const x = input('x', []);
    let y: Tensor = x;
    for (let depth = 0; depth < 20_000; depth++) y = ops.neg(y);
    expect(grad(y, [x])[0]!.shape).toEqual([]);
  });

  test('a loss of several elements', () => {
    const x = named('pixels', input('x', [2, 3]));
    expect(() => grad(x, [x])).toThrow('grad: the loss must be one number, not pixels [2, 3]');
  });

  test('a loss that does not depend on an input', () => {
    const [x, z] = [input('x', [2]), input('z', [2])];
    expect(() => grad(ops.reduceSum(x), [x, z])).toThrow('grad: reduceSum does not depend on z');
  });

  test('a cotangent of another shape', () => {
    const x = input('x', [2]);
    expect(() => pullBack(ops.exp(x), [x], constant([1, 2, 3]))).toThrow(
      "pullBack: the cotangent's shape [3] is not the output's [2]",
    );
  });
});

describe('gradients at kinks and ties, as documented', () => {
  const gradientAt = async (f: (...xs: Tensor[]) => Tensor, ...points: number[][]) => {
    const inputs = points.map((values) => fed([values.length], values));
    const gradients = grad(ops.reduceSum(f(...inputs)), inputs);
    const y = await evaluate(Object.fromEntries(gradients.map((g, i) => [`${i}`, g])));
    return inputs.map((_, i) => y[`${i}`]!);
  };
  const two = (f: (a: Tensor, b: Tensor) => Tensor) => (a?: Tensor, b?: Tensor) => f(a!, b!);

  test('abs and relu are 0 at 0', async () => {
    expect(await gradientAt((x) => ops.abs(x!), [-2, 0, 2])).toEqual([[-1, 0, 1]]);
    expect(await gradientAt((x) => ops.relu(x!), [-2, 0, 2])).toEqual([[0, 0, 1]]);
  });

  test('maximum and minimum give ties to a', async () => {
    const points = [
      [1, 2, 3],
      [3, 2, 1],
    ] as const;
    const [a, b] = [[...points[0]], [...points[1]]];
    expect(await gradientAt(two(ops.maximum), a, b)).toEqual([
      [0, 1, 1],
      [1, 0, 0],
    ]);
    expect(await gradientAt(two(ops.minimum), a, b)).toEqual([
      [1, 1, 0],
      [0, 0, 1],
    ]);
  });

  test('reduceMax shares ties', async () => {
    expect(await gradientAt((x) => ops.reduceMax(x!), [2, 1, 2])).toEqual([[0.5, 0, 0.5]]);
  });

  test('pow with a fixed exponent takes any sign of base', async () => {
    expect(await gradientAt((x) => ops.pow(x!, 3), [-2, 0, 2])).toEqual([[12, 0, 12]]);
  });
});

describe('broadcasting is undone by sums', () => {
  const [n, c, h, w] = [2, 3, 2, 2];
  test('[N, C, H, W] with [C, 1, 1] and with a scalar', async () => {
    const draw = createDraw(4);
    const x = normalInput(draw, [n, c, h, w]);
    const [scale, shift] = [normalInput(draw, [c, 1, 1]), normalInput(draw, [])];
    const y = ops.add(ops.mul(x, scale), shift);
    const cotangent = constant(draw.normal(n * c * h * w), y.shape);
    const [dx, dScale, dShift] = pullBack(y, [x, scale, shift], cotangent) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    expect([dx.shape, dScale.shape, dShift.shape]).toEqual([[n, c, h, w], [c, 1, 1], []]);
    const result = await evaluate({ dx, dScale, dShift, cotangent });
    const weights = result.cotangent;
    const channel = (i: number) => Math.floor(i / (h * w)) % c;
    const sums = [0, 0, 0];
    weights.forEach((weight, i) => {
      sums[channel(i)]! += weight * valuesOf(x)[i]!;
    });
    expectClose(
      result.dx,
      weights.map((weight, i) => weight * valuesOf(scale)[channel(i)]!),
    );
    expectClose(result.dScale, sums);
    expectClose(result.dShift, [weights.reduce((sum, weight) => sum + weight, 0)]);
  });
});

test('a training step: grad inside a compiled program with state', async () => {
  // Least squares on one number: w ← w − 0.5·(w − 3) halves the distance at every step.
  const weight = input('w', []);
  const [gradient] = grad(ops.mul(0.5, ops.pow(ops.sub(weight, 3), 2)), [weight]) as [Tensor];
  const next = ops.sub(weight, ops.mul(0.5, gradient));
  const state = { w: { value: weight, next, initial: Float32Array.of(11) } };
  const step = await compile({ inputs: {}, outputs: {}, state, device: 'cpu' });
  for (let i = 0; i < 3; i++) await step({});
  expect([...((await step.state.read('w')) as Float32Array)]).toEqual([4]);
  await step.release();
});

test('constants have gradients like any other tensor', async () => {
  // d/dw Σ w² = 2w, and d/dw Σ (w² + 3w) = 2w + 3.
  const w = constant([1, 2, 3]);
  const [square] = grad(ops.reduceSum(ops.mul(w, w)), [w]);
  const [both] = grad(ops.reduceSum(ops.add(ops.mul(w, w), ops.mul(w, 3))), [w]);
  const program = await compile({ inputs: {}, outputs: { square, both }, device: 'cpu' });
  const { square: a, both: b } = await program({});
  expect(Array.from(a as Float32Array)).toEqual([2, 4, 6]);
  expect(Array.from(b as Float32Array)).toEqual([5, 7, 9]);
});
