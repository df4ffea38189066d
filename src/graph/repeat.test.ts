import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { createEmitter } from './emitter.ts';
import { lowerGraph } from './lower.ts';
import * as ops from './ops/index.ts';
import { handsOutState } from './repeat.ts';
import { type Arrays, runInTurn } from './runs.ts';
import { constant, input, sizeOf, type Tensor } from './tensor.ts';
import { createDraw } from './testing.ts';

const device = 'cpu';
const floats = (...values: number[]) => Float32Array.from(values);
const copy = (arrays: Arrays) =>
  Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, data.slice()]));

/** A small layer that learns: convolution, norm and a state that moves against its gradient. */
function learner() {
  const x = input('x', [2, 3, 4, 4]);
  const mask = input('mask', [2, 16, 4, 4], 'uint8');
  const rate = input('rate', []);
  const draw = createDraw(71);
  const weight = input('weight', [16, 3, 3, 3]);
  const initial = draw.normal(sizeOf(weight.shape));
  const ones = constant(new Float32Array(16).fill(1));
  const h = ops.groupNorm(ops.conv2d(x, weight, { padding: 1 }), ones, ones, { groups: 4 });
  const y = ops.mul(ops.silu(h), ops.cast(mask, 'float32'));
  const loss = ops.reduceMean(ops.mul(y, y));
  const next = ops.sub(weight, ops.mul(ops.tanh(weight), ops.mul(rate, ops.reshape(loss, []))));
  const inputs = { x, mask, rate };
  const state = { weight: { value: weight, next, initial } };
  const feed = (runs: number): Arrays => ({
    x: draw.normal(runs * sizeOf(x.shape)),
    mask: Uint8Array.from(draw.uniform(runs * sizeOf(mask.shape), 0, 2)),
    rate: draw.uniform(runs, 0.01, 0.1),
  });
  return { options: { inputs, outputs: { loss, y }, state, device, threads: 1 } as const, feed };
}

describe('runs in one call', () => {
  test('are those of as many calls, to the bit, however many they are', async () => {
    const { options, feed } = learner();
    const repeated = await compile({ ...options, repeat: true });
    const single = await compile(options);
    for (const runs of [1, 3, 1, 2, 5, 3]) {
      const given = feed(runs) as Parameters<typeof repeated>[0];
      const together = await repeated(given);
      const apart = Object.fromEntries(
        Object.entries(together).map(([name, data]) => [name, new Float32Array(data.length)]),
      );
      await runInTurn((own) => single(own as typeof given), given, apart, runs);
      expect(copy(together)).toEqual(apart);
      expect(together.loss).toHaveLength(runs);
      expect(await repeated.state.read('weight')).toEqual(await single.state.read('weight'));
    }
    await Promise.all([repeated.release(), single.release()]);
  });

  test('each takes its own entry and leaves its own result; state goes from one to the next', async () => {
    // Sums of what was given so far.
    const [x, total] = [input('x', [2]), input('total', [2])];
    const sum = ops.add(total, x);
    const program = await compile({
      inputs: { x },
      outputs: { sum, twice: ops.mul(x, 2), given: x, before: total, fixed: constant([7]) },
      state: { total: { value: total, next: sum, initial: floats(100, 200) } },
      device,
      repeat: true,
    });
    expect(copy(await program({ x: floats(1, 2, 3, 4, 5, 6) }))).toEqual({
      sum: floats(101, 202, 104, 206, 109, 212),
      twice: floats(2, 4, 6, 8, 10, 12),
      given: floats(1, 2, 3, 4, 5, 6),
      before: floats(100, 200, 101, 202, 104, 206),
      fixed: floats(7, 7, 7),
    });
    expect((await program({ x: floats(1, 1) })).sum).toEqual(floats(110, 213));
    program.state.write('total', floats(0, 0));
    expect((await program({ x: floats(1, 1, 1, 1) })).sum).toEqual(floats(1, 1, 2, 2));
    expect(await program.state.read('total')).toEqual(floats(2, 2));
    await program.release();
  });

  test.each([1, 2, 3, 4])('in %i, state is never written where it is read', async (runs) => {
    const [w, v, kept] = [input('w', [3, 3]), input('v', [3, 3]), input('kept', [2])];
    const x = input('x', []);
    const initial = floats(0, 1, 2, 3, 4, 5, 6, 7, 8);
    const turned = floats(0, 3, 6, 1, 4, 7, 2, 5, 8);
    const program = await compile({
      inputs: { x },
      outputs: { x2: ops.mul(x, 2) },
      state: {
        w: { value: w, next: ops.transpose(w), initial },
        // One that takes the place of another, through ops that the runtime leaves out, and one
        // that stays.
        v: { value: v, next: ops.reshape(ops.mul(w, 1), [3, 3]) },
        kept: { value: kept, next: kept, initial: floats(3, 4) },
      },
      device,
      repeat: true,
    });
    for (const count of [1, 2]) {
      await program({ x: new Float32Array(runs) });
      const [even, odd] = (count * runs) % 2 === 0 ? [initial, turned] : [turned, initial];
      expect(await program.state.read('w')).toEqual(even);
      expect(await program.state.read('v')).toEqual(odd);
      expect(await program.state.read('kept')).toEqual(floats(3, 4));
    }
    await program.release();
  });

  test('need no state', async () => {
    const inputs = { x: input('x', [2]), count: input('count', [], 'int32') };
    const outputs = { y: ops.neg(inputs.x), float: ops.cast(inputs.count, 'float32') };
    const program = await compile({ inputs, outputs, device, repeat: true });
    const result = await program({ x: floats(1, 2, 3, 4), count: Int32Array.of(5, 6) });
    expect(copy(result)).toEqual({ y: floats(-1, -2, -3, -4), float: floats(5, 6) });
    await program.release();
  });

  test('without inputs there is one', async () => {
    const w = input('w', []);
    const state = { w: { value: w, next: ops.add(w, 1) } };
    const program = await compile({ inputs: {}, outputs: {}, state, device, repeat: true });
    for (let i = 0; i < 3; i++) await program({});
    expect(await program.state.read('w')).toEqual(floats(3));
    await program.release();
  });

  test('no entry, a part of one, or unlike numbers of entries are one clear error', async () => {
    const [x, y] = [input('x', [2]), input('y', [])];
    const sum = ops.add(x, y);
    const program = await compile({
      inputs: { x, y },
      outputs: {},
      state: { total: { value: input('total', [2]), next: sum } },
      device,
      repeat: true,
    });
    const bad: readonly (readonly [Float32Array | undefined, Float32Array, string])[] = [
      [floats(), floats(), '0, 0'],
      [floats(1, 2, 3), floats(1, 2), '1.5, 2'],
      [floats(1, 2, 3, 4), floats(1), '2, 1'],
      [undefined, floats(1), 'NaN, 1'],
    ];
    for (const [a, b, counts] of bad) {
      await expect(program({ x: a as Float32Array, y: b })).rejects.toThrow(
        `a repeated graph takes one entry of every input for each run, not ${counts}`,
      );
    }
    await expect(
      program({ x: Int32Array.of(1, 2) as unknown as Float32Array, y: floats(1) }),
    ).rejects.toThrow('"x" takes Float32Array, not Int32Array');
    // Nothing ran.
    expect(await program.state.read('total')).toEqual(floats(0, 0));
    await program.release();
  });
});

describe('a graph may hand out the memory of a state', () => {
  const w = input('w', [4]);
  const x = input('x', [4]);
  const hands = (next: Tensor) =>
    handsOutState(lowerGraph({ w, x }, { next, y: ops.add(w, x) }, createEmitter('cpu', 16)), [
      'w',
    ]);

  test.each([
    ['as it is', w],
    ['reshaped', ops.reshape(ops.reshape(w, [2, 2]), [4])],
    ['with nothing added', ops.add(w, 0)],
  ])('%s', (_, next) => expect(hands(next)).toBe(true));

  test.each([
    ['a new value', ops.sub(w, ops.mul(x, 2))],
    ['an input', x],
  ])('but not %s', (_, next) => expect(hands(next)).toBe(false));
});

test('runs in turn, for devices that cannot repeat, take and leave one entry each', async () => {
  const seen: Arrays[] = [];
  const again = { y: new Float32Array(1) };
  const run = async (values: Arrays) => {
    seen.push(copy(values));
    // As a program does, the same array at every call.
    again.y[0] = Number(values.a![0]) + Number(values.a![1]);
    return again;
  };
  const results = { y: new Float32Array(3) };
  await runInTurn(run, { a: floats(1, 2, 3, 4, 5, 6), b: Uint8Array.of(7, 8, 9) }, results, 3);
  expect(results).toEqual({ y: floats(3, 7, 11) });
  expect(seen).toEqual([
    { a: floats(1, 2), b: Uint8Array.of(7) },
    { a: floats(3, 4), b: Uint8Array.of(8) },
    { a: floats(5, 6), b: Uint8Array.of(9) },
  ]);
});
