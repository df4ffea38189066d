import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { GraphError } from './error.ts';
import * as ops from './ops/index.ts';
import { constant, input, named, type Tensor } from './tensor.ts';

const device = 'cpu';
const x = input('x', [2]);
const floats = (...values: number[]) => Float32Array.from(values);

describe('a program', () => {
  test('fills the same arrays at every call', async () => {
    const run = await compile({ inputs: { x }, outputs: { y: ops.mul(x, 2) }, device });
    expect(run.device).toBe('cpu');
    const first = await run({ x: floats(1, 2) });
    const { y } = first;
    expect(y).toEqual(floats(2, 4));
    const second = await run({ x: floats(3, 4) });
    expect(second.y).toBe(y);
    expect(y).toEqual(floats(6, 8));
    await run.release();
  });

  test('sees an input array changed in place', async () => {
    const run = await compile({ inputs: { x }, outputs: { y: ops.neg(x) }, device });
    const values = floats(1, 2);
    await run({ x: values });
    values[0] = 7;
    expect((await run({ x: values })).y).toEqual(floats(-7, -2));
    await run.release();
  });

  test('may pass inputs and constants through, and give one tensor two names', async () => {
    const y = ops.neg(x);
    const outputs = {
      same: x,
      stopped: ops.stopGradient(x),
      fixed: constant([5, 6, 7]),
      y,
      again: y,
      alike: ops.neg(x),
    };
    const run = await compile({ inputs: { x }, outputs, device });
    const result = await run({ x: floats(1, 2) });
    expect(result).toEqual({
      same: floats(1, 2),
      stopped: floats(1, 2),
      fixed: floats(5, 6, 7),
      y: floats(-1, -2),
      again: floats(-1, -2),
      alike: floats(-1, -2),
    });
    expect(result.y).not.toBe(result.again);
    await run.release();
  });

  test('takes inputs it does not use and names that look like its own', async () => {
    const [node, constants] = [input('Neg_0', [2]), input('constant_0', [2])];
    const inputs = { Neg_0: node, constant_0: constants, idle: input('idle', [3]) };
    const outputs = { Exp_1: ops.neg(node), Add_2: ops.add(ops.exp(ops.neg(node)), constants) };
    const run = await compile({ inputs, outputs, device });
    const feeds = { Neg_0: floats(0, 1), constant_0: floats(10, 20), idle: floats(0, 0, 0) };
    const result = await run(feeds);
    expect(result.Exp_1).toEqual(floats(-0, -1));
    expect(result.Add_2[0]).toBe(11);
    await run.release();
  });

  test('carries every type and empty and scalar shapes', async () => {
    const inputs = {
      float32: input('a', []),
      int32: input('b', [1], 'int32'),
      int64: input('c', [2], 'int64'),
      uint8: input('d', [1], 'uint8'),
      bool: input('e', [3], 'bool'),
      empty: input('f', [0, 3]),
    };
    const outputs = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [`${name} out`, tensor]),
    );
    const reshaped = ops.reshape(inputs.empty, [3, 0]);
    const run = await compile({ inputs, outputs: { ...outputs, reshaped }, device });
    const feeds = {
      float32: floats(1.5),
      int32: Int32Array.of(-3),
      int64: BigInt64Array.of(1n << 40n, -1n),
      uint8: Uint8Array.of(255),
      bool: Uint8Array.of(1, 0, 1),
      empty: floats(),
    };
    const results: Readonly<Record<string, unknown>> = await run(feeds);
    for (const [name, data] of Object.entries(feeds)) expect(results[`${name} out`]).toEqual(data);
    expect(results.reshaped).toEqual(floats());
    await run.release();
  });

  test('knows a constant by values, shape and type', async () => {
    const long = new Float32Array(128).fill(1);
    const one = ops.mul(ops.reduceSum(x), 0);
    const outputs = {
      flat: ops.add(ops.reduceSum(constant(long, [128]), 0), one),
      folded: ops.add(ops.reduceSum(constant(long, [2, 64]), 1), one),
      plus: ops.div(ops.add(one, 1), constant([0])),
      minus: ops.div(ops.add(one, 1), constant([-0])),
    };
    const run = await compile({ inputs: { x }, outputs, device });
    const result = await run({ x: floats(1, 2) });
    expect(result.flat).toEqual(floats(128));
    expect(result.folded).toEqual(floats(64, 64));
    expect([result.plus[0], result.minus[0]]).toEqual([Infinity, -Infinity]);
    await run.release();
  });
});

describe('state', () => {
  test('all next values come from the old ones', async () => {
    // Fibonacci: (a, b) ← (b, a + b).
    const [a, b] = [input('a', []), input('b', [])];
    const state = {
      a: { value: a, next: b, initial: floats(0) },
      b: { value: b, next: ops.add(a, b), initial: floats(1) },
    };
    const run = await compile({ inputs: {}, outputs: { sum: ops.add(a, b) }, state, device });
    const sums: (number | bigint | undefined)[] = [];
    for (let i = 0; i < 8; i++) sums.push((await run({})).sum[0]);
    expect(sums).toEqual([1, 2, 3, 5, 8, 13, 21, 34]);
    expect(await run.state.read('a')).toEqual(floats(21));
    await run.release();
  });

  test('is never written where it is read', async () => {
    const w = input('w', [3, 3]);
    const initial = floats(0, 1, 2, 3, 4, 5, 6, 7, 8);
    const turned = floats(0, 3, 6, 1, 4, 7, 2, 5, 8);
    const state = { w: { value: w, next: ops.transpose(w), initial } };
    const run = await compile({ inputs: {}, outputs: {}, state, device });
    for (const expected of [turned, initial, turned, initial]) {
      await run({});
      // Written over its own input, a transpose would come out symmetric.
      expect(await run.state.read('w')).toEqual(expected);
    }
    await run.release();
  });

  test('starts at zero; write replaces, read copies, the initial array stays the caller’s', async () => {
    const [w, v] = [input('w', [2]), input('v', [2])];
    const initial = floats(1, 2);
    const state = {
      w: { value: w, next: ops.add(w, x), initial },
      v: { value: v, next: v },
    };
    const run = await compile({ inputs: { x }, outputs: {}, state, device });
    expect(await run.state.read('v')).toEqual(floats(0, 0));
    await run({ x: floats(10, 20) });
    expect(initial).toEqual(floats(1, 2));
    const copy = await run.state.read('w');
    expect(copy).toEqual(floats(11, 22));
    copy[0] = 99;
    const written = floats(100, 200);
    run.state.write('v', written);
    written[0] = -1;
    await run({ x: floats(1, 1) });
    expect(await run.state.read('w')).toEqual(floats(12, 23));
    expect(await run.state.read('v')).toEqual(floats(100, 200));
    await run.release();
  });

  test('errors name the state', async () => {
    const w = input('w', [2]);
    const build = (next: Tensor, initial?: Float32Array) =>
      compile({
        inputs: {},
        outputs: {},
        state: { w: { value: w, next, ...(initial && { initial }) } },
        device,
      });
    await expect(build(ops.reduceSum(w))).rejects.toThrow('state "w" is float32 [2]');
    await expect(build(ops.cast(w, 'int32'))).rejects.toThrow('int32 [2]');
    await expect(build(w, floats(1))).rejects.toThrow('"w" takes 2 values for w [2], not 1');
    const run = await build(ops.neg(w));
    await expect(run.state.read('W')).rejects.toThrow('state "W" does not exist; there are: w');
    expect(() => run.state.write('w', floats(1))).toThrow('"w" takes 2 values for w [2], not 1');
    expect(() => run.state.write('w', Int32Array.of(1, 2))).toThrow(
      '"w" takes Float32Array, not Int32Array',
    );
    await run.release();
  });
});

describe('calls that do not fit', () => {
  test.each([
    [undefined, 'input "x" is missing'],
    [null, 'input "x" is missing'],
    [floats(1, 2, 3), '"x" takes 2 values for x [2], not 3'],
    [Int32Array.of(1, 2), '"x" takes Float32Array, not Int32Array'],
    [[1, 2], '"x" takes Float32Array, not Array'],
  ])('%j', async (value, message) => {
    const run = await compile({ inputs: { x }, outputs: { y: ops.neg(x) }, device });
    const call = run({ x: value } as unknown as { x: Float32Array });
    await expect(call).rejects.toThrow(message);
    await run.release();
  });
});

describe('graphs that do not fit', () => {
  const y = ops.add(x, input('shift', [2]));
  test.each([
    ['an input that is not listed', { x }, { y }, 'input "shift" is used but not listed'],
    ['an op listed as an input', { x: ops.neg(x) }, { y: x }, '"x" is not an input; make it with'],
    [
      'one name for two tensors',
      { x },
      { x: ops.neg(x) },
      '"x" names an input or state and an output',
    ],
    ['one input under two names', { x, z: x }, { y: x }, '"x" and "z" are the same input'],
    ['nothing to compute', { x }, {}, 'there is no output'],
  ] as const)('%s', async (_, inputs, outputs, message) => {
    const compiling = compile({ inputs, outputs, device });
    await expect(compiling).rejects.toThrow(GraphError);
    await expect(compiling).rejects.toThrow(message);
  });

  test('a named input is still that input', async () => {
    const run = await compile({
      inputs: { x },
      outputs: { y: ops.neg(named('pixels', x)) },
      device,
    });
    expect((await run({ x: floats(1, 2) })).y).toEqual(floats(-1, -2));
    await run.release();
  });
});

describe('devices', () => {
  const open = (name: string) =>
    compile({ inputs: { x }, outputs: { y: ops.neg(x) }, device: name as 'cpu' });

  test('an unknown one', async () => {
    await expect(open('tpu')).rejects.toThrow(
      'device "tpu" is not known; use one of auto, cpu, webgpu, cuda',
    );
  });

  test('cuda: it runs, or one line says that it cannot be used and what can', async () => {
    const error: unknown = await open('cuda').then(
      (run) => run.release(),
      (reason) => reason,
    );
    if (error === undefined) return;
    expect(error).toBeInstanceOf(GraphError);
    expect((error as Error).message).toMatch(
      /^device "cuda" cannot be used here \([^\n]*\); use cpu, or auto to take what there is \(CUDA needs [^\n]*\)$/,
    );
  });
});
