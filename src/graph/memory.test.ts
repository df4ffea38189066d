import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { grad } from './gradient.ts';
import { peakBytes } from './memory.ts';
import { add, conv2d, exp, mul, reduceMean, reduceSum, reshape, silu, sin } from './ops/index.ts';
import { recompute } from './recompute.ts';
import { constant, input, type Tensor } from './tensor.ts';

/** 100 floats are one unit here. */
const UNIT = 400;
const vector = (name = 'x') => input(name, [100]);
const chain = (x: Tensor, length: number): Tensor =>
  Array.from({ length }).reduce<Tensor>((y) => exp(y), x);

describe('in closed form', () => {
  test.each([2, 3, 20])('a chain of %i holds an operand and a result', (length) => {
    expect(peakBytes([chain(vector(), length)])).toBe(2 * UNIT);
  });

  test('a skip is held over what it goes around', () => {
    const start = exp(vector());
    expect(peakBytes([add(start, chain(start, 3))])).toBe(3 * UNIT);
  });

  test('an input is the caller’s', () => {
    expect(peakBytes([exp(vector())])).toBe(UNIT);
  });

  test('outputs are held to the end', () => {
    const first = exp(vector());
    expect(peakBytes([first, chain(first, 4)])).toBe(3 * UNIT);
  });

  test('the same memory under another shape is nothing more', () => {
    expect(peakBytes([reshape(exp(reshape(vector(), [10, 10])), [50, 2])])).toBe(UNIT);
  });

  test('a constant is held all the time, once', () => {
    const ones = new Float32Array(100).fill(1);
    const twice = add(mul(vector(), constant(ones)), reshape(constant(ones, [10, 10]), [100]));
    expect(peakBytes([twice])).toBe(3 * UNIT);
  });

  test('what has been reduced makes room for the next', () => {
    const sums = [exp, sin, silu].map((f) => reduceSum(f(vector())));
    // Two sums are there when the third vector is made, and the third sum from it.
    expect(peakBytes(sums)).toBe(UNIT + 3 * 4);
  });
});

/** Loss and weight gradients of `depth` residual convolutions of [rows, 16, 16, 16]. */
function network(rows: number, depth: number, again = false) {
  const x = input('x', [rows, 16, 16, 16]);
  const weights = Array.from({ length: depth }, (_, i) => input(`w${i}`, [16, 16, 3, 3]));
  const block = ([h, w]: readonly Tensor[]) => add(h!, conv2d(silu(h!), w!, { padding: 1 }));
  const top = weights.reduce(
    (h, w) => (again ? recompute(([z], [v]) => block([z!, v!]), [h], [w]) : block([h, w])),
    x,
  );
  const loss = reduceMean(mul(top, top));
  return { x, weights, outputs: [loss, ...grad(loss, weights)] };
}

test('more rows never need less, and need the more the more there are', () => {
  const needs = Array.from({ length: 12 }, (_, i) => peakBytes(network(i + 1, 4).outputs));
  const steps = needs.slice(1).map((need, i) => need - needs[i]!);
  expect(Math.min(...steps)).toBeGreaterThan(0);
  steps.slice(1).forEach((step, i) => {
    expect(step).toBeGreaterThanOrEqual(steps[i]!);
  });
});

test('computing again needs less', () => {
  const [kept, again] = [false, true].map((way) => peakBytes(network(8, 12, way).outputs));
  expect(again).toBeLessThan(0.7 * kept!);
});

describe('against what the runtime counts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mdensity-memory-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Bytes in use at the worst moment of a run, from the runtime's profile. */
  async function measuredBytes({ x, weights, outputs }: ReturnType<typeof network>, name: string) {
    const inputs: Record<string, Tensor> = Object.fromEntries(
      [x, ...weights].map((tensor) => [tensor.name, tensor]),
    );
    const results = Object.fromEntries(outputs.map((tensor, i) => [`out${i}`, tensor]));
    const profile = join(folder, name);
    const program = await compile({ inputs, outputs: results, device: 'cpu', profile });
    const zeros = (tensor: Tensor) => new Float32Array(tensor.shape.reduce((n, size) => n * size));
    await program(Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, zeros(v)])));
    await program.release();
    const file = readdirSync(folder).find((entry) => entry.startsWith(name))!;
    const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
    const inUse = events.map(({ args }) => Number(args?.mem_bytes_requested_in_use ?? 0));
    return inUse.reduce((most, bytes) => Math.max(most, bytes), 0);
  }

  test.each([
    ['kept', false],
    ['again', true],
  ] as const)('convolutions and their gradients, %s', async (name, again) => {
    const graph = network(16, 8, again);
    const ratio = peakBytes(graph.outputs) / (await measuredBytes(graph, name));
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.35);
  });
});

interface Event {
  readonly args?: { readonly mem_bytes_requested_in_use?: string };
}
