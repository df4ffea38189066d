/**
 * What the tests of the graph share: seeded numbers, inputs that carry their values, one-off runs.
 */
import { expect } from 'vitest';
import { fillNormal, fillUniform, permutation, randomKey, uniformInt } from '../random.ts';
import { compile } from './compile.ts';
import { createEmitter, type Target } from './emitter.ts';
import { topological } from './gradient.ts';
import { type HostArray, hostTensor } from './host.ts';
import { lowerGraph } from './lower.ts';
import { encodeModel, type OnnxGraph } from './onnx.ts';
import { loadRuntime, openSession, probeChannelBlock } from './runtime.ts';
import { type DType, input, type Shape, sizeOf, type Tensor } from './tensor.ts';

/** Seeded draws, each different from the last. */
export interface Draw {
  /** A whole number of low..high, both included. */
  integer(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
  uniform(size: number, low: number, high: number): Float32Array;
  normal(size: number): Float32Array;
  /** 0..n − 1 in random order. */
  order(n: number): number[];
}

export function createDraw(seed: number): Draw {
  const key = randomKey(seed);
  let counter = 0;
  const integer = (low: number, high: number) => low + uniformInt(key, counter++, high - low + 1);
  return {
    integer,
    pick: (choices) => choices[integer(0, choices.length - 1)]!,
    uniform: (size, low, high) => {
      const values = new Float32Array(size);
      fillUniform(key, counter++, values);
      return values.map((value) => low + (high - low) * value);
    },
    normal: (size) => {
      const values = new Float32Array(size);
      fillNormal(key, counter++, values);
      return values;
    },
    order: (n) => [...permutation(key, n, counter++)],
  };
}

const fedValues = new WeakMap<Tensor, HostArray>();
let count = 0;

/** An input that carries the values it is fed in this test. */
export function fed(shape: Shape, values: HostArray | readonly number[], dtype?: DType): Tensor {
  const data = Array.isArray(values) ? Float32Array.from(values) : (values as HostArray);
  const tensor = input(`in${count++}`, shape, dtype);
  fedValues.set(tensor, data);
  return tensor;
}

/** An input of standard normal values. */
export function normalInput(draw: Draw, shape: Shape): Tensor {
  return fed(shape, draw.normal(sizeOf(shape)));
}

/** What `fed` was given. */
export function valuesOf(tensor: Tensor): Float32Array {
  return fedValues.get(tensor) as Float32Array;
}

/** The inputs made by `fed` that outputs need, by name. */
export function fedInputs(outputs: readonly Tensor[]): Record<string, Tensor> {
  const inputs = topological(outputs).filter(({ source }) => source.kind === 'input');
  return Object.fromEntries(inputs.map((tensor) => [tensor.name, tensor]));
}

/** Compiles, runs once and frees: each output as plain numbers. */
export async function evaluate<Name extends string>(
  outputs: Readonly<Record<Name, Tensor>>,
): Promise<Record<Name, number[]>> {
  const inputs = fedInputs(Object.values(outputs));
  const program = await compile({ inputs, outputs, device: 'cpu', threads: 1 });
  const feeds = Object.entries(inputs).map(([name, tensor]) => [name, fedValues.get(tensor)!]);
  const results = await program(Object.fromEntries(feeds));
  const copies = Object.entries<HostArray>(results).map(([name, data]) => [
    name,
    Array.from(data as ArrayLike<number | bigint>, Number),
  ]);
  await program.release();
  return Object.fromEntries(copies);
}

/** The graph of outputs as it is lowered for a target on this machine. */
export async function lowered(
  outputs: Readonly<Record<string, Tensor>>,
  target: Target = 'cpu',
): Promise<OnnxGraph> {
  const block = target === 'cpu' ? await probeChannelBlock() : 0;
  return lowerGraph(fedInputs(Object.values(outputs)), outputs, createEmitter(target, block));
}

/**
 * As `evaluate`, by standard ONNX alone: nothing is in blocks, no operator is the runtime's own.
 */
export async function evaluatePortable<Name extends string>(
  outputs: Readonly<Record<Name, Tensor>>,
): Promise<Record<Name, number[]>> {
  const runtime = await loadRuntime();
  const model = encodeModel(await lowered(outputs, 'portable'));
  const session = await openSession(model, { device: 'cpu', threads: 1 });
  const inputs = Object.entries(fedInputs(Object.values(outputs)));
  const feeds = inputs.map(([name, tensor]) => [
    name,
    hostTensor(runtime, name, tensor, fedValues.get(tensor)!),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  const copies = Object.keys(outputs).map((name) => [
    name,
    Array.from(results[name]!.data as ArrayLike<number>, Number),
  ]);
  return Object.fromEntries(copies);
}

/** The values of one tensor. */
export async function computed(tensor: Tensor): Promise<number[]> {
  return (await evaluate({ y: tensor })).y;
}

/** Fails unless all |actual − expected| ≤ tolerance · max(1, largest |expected|). */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 1e-5,
): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN fails.
    if (!(Math.abs(actual[i]! - expected[i]!) <= tolerance * scale)) {
      expect.fail(`element ${i} is ${actual[i]}, expected ${expected[i]} (scale ${scale})`);
    }
  }
}

/** Row-major positions of a shape, in order. */
export function positions(shape: Shape): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, index) => {
    const position = new Array<number>(shape.length);
    let rest = index;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return position;
  });
}

/** Row-major index of a position; axes of size 1 repeat, missing leading axes too. */
export function indexOf(shape: Shape, position: readonly number[]): number {
  const lead = position.length - shape.length;
  return shape.reduce(
    (sum, size, axis) => sum * size + (size === 1 ? 0 : position[axis + lead]!),
    0,
  );
}
