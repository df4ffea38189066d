import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { GraphError } from './error.ts';
import { pullBack } from './gradient.ts';
import type { HostArray } from './host.ts';
import { flat, type MakeCase, type OpCase, quadratic, smooth } from './op-cases.ts';
import * as ops from './ops/index.ts';
import { constant, describe as describeTensor, sizeOf, type Tensor } from './tensor.ts';
import { createDraw, type Draw, fedInputs, valuesOf } from './testing.ts';

/** Random instances of each op. */
const DRAWS = 6;

test('every exported op has a case', () => {
  const cases = { ...quadratic, ...smooth, ...flat };
  expect(Object.keys(cases).sort()).toEqual(Object.keys(ops).sort());
});

/** One instance of an op, with the directions in which it is differentiated. */
interface Probe extends OpCase {
  readonly op: string;
  readonly directions: readonly Float32Array[];
  readonly weight: Float32Array;
  /** Jᵀ·weight, one tensor per input. */
  readonly adjoint: readonly Tensor[];
}

function createProbe(op: string, make: MakeCase, draw: Draw): Probe {
  const { inputs, output } = make(draw);
  const directions = inputs.map(({ shape }) => draw.uniform(sizeOf(shape), -1, 1));
  const weight = draw.normal(sizeOf(output.shape));
  const adjoint = pullBack(output, inputs, constant(weight, output.shape));
  return { op, inputs, output, directions, weight, adjoint };
}

/** The two sides of ⟨Jv, w⟩ = ⟨v, Jᵀw⟩ and Σ|terms| of the first, by which errors are measured. */
interface Sides {
  readonly probe: Probe;
  readonly forward: number;
  readonly backward: number;
  readonly scale: number;
}

/** All instances in one graph, run at x + h·v, x − h·v and x. */
async function compareSides(
  table: Readonly<Record<string, MakeCase>>,
  step: number,
): Promise<Sides[]> {
  const probes = Object.entries(table).flatMap(([op, make], i) =>
    Array.from({ length: DRAWS }, (_, j) => createProbe(op, make, createDraw(1000 * i + j))),
  );
  const outputs: Record<string, Tensor> = {};
  probes.forEach(({ output, adjoint }, i) => {
    outputs[`y${i}`] = output;
    adjoint.forEach((tensor, j) => {
      outputs[`g${i},${j}`] = tensor;
    });
  });
  const inputs = fedInputs(Object.values(outputs));
  const program = await compile({ inputs, outputs, device: 'cpu', threads: 1 });
  const runAt = async (h: number) => {
    const feeds: Record<string, HostArray> = {};
    for (const [name, tensor] of Object.entries(inputs)) feeds[name] = valuesOf(tensor);
    for (const { inputs: moved, directions } of probes) {
      moved.forEach((tensor, j) => {
        feeds[tensor.name] = valuesOf(tensor).map((x, k) => x + h * directions[j]![k]!);
      });
    }
    const results = Object.entries<HostArray>(await program(feeds));
    return Object.fromEntries(results.map(([name, data]) => [name, data.slice() as Float32Array]));
  };
  const [above, below, centre] = [await runAt(step), await runAt(-step), await runAt(0)];
  await program.release();
  return probes.map((probe, i) => {
    const [yAbove, yBelow] = [above[`y${i}`]!, below[`y${i}`]!];
    const terms = [...probe.weight].map((w, k) => (w * (yAbove[k]! - yBelow[k]!)) / (2 * step));
    const gradients = probe.directions.map((v, j) => dot(v, centre[`g${i},${j}`]!));
    return {
      probe,
      forward: terms.reduce((sum, term) => sum + term, 0),
      backward: gradients.reduce((sum, part) => sum + part, 0),
      scale: terms.reduce((sum, term) => sum + Math.abs(term), 0),
    };
  });
}

const dot = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function expectEqualSides({ probe, forward, backward, scale }: Sides, tolerance: number): void {
  const at = `${probe.op} of ${probe.inputs.map(describeTensor).join(' and ')}`;
  // Written so that NaN fails. The floor covers outputs that do not move at all.
  const equal = Math.abs(forward - backward) <= tolerance * Math.max(scale, 0.05);
  expect(equal, `${at}: ⟨Jv, w⟩ = ${forward}, ⟨v, Jᵀw⟩ = ${backward}, scale ${scale}`).toBe(true);
}

describe.each([
  { kind: 'up to quadratic', table: quadratic, step: 1, tolerance: 2e-5 },
  // Truncation is h²f'''/6 and rounding 6e-8·f/h, both below 1e-4 where f and f''' are about 1;
  // near 0.5 the powers and logarithms reach f''' = 100.
  { kind: 'smooth', table: smooth, step: 5e-3, tolerance: 2e-3 },
])('⟨Jv, w⟩ = ⟨v, Jᵀw⟩ against central differences, $kind', ({ table, step, tolerance }) => {
  let sides: Sides[] = [];
  beforeAll(async () => {
    sides = await compareSides(table, step);
  });

  test.each(Object.keys(table))('%s', (op) => {
    const ofOp = sides.filter(({ probe }) => probe.op === op);
    expect(ofOp).toHaveLength(DRAWS);
    for (const side of ofOp) expectEqualSides(side, tolerance);
    // The identity says nothing where both sides vanish.
    expect(Math.max(...ofOp.map(({ forward }) => Math.abs(forward)))).toBeGreaterThan(0);
  });
});

test.each(Object.entries(flat))('no gradient flows through %s', (_, make) => {
  const { inputs, output } = make(createDraw(5));
  const cotangent = constant(new Float32Array(sizeOf(output.shape)), output.shape);
  expect(() => pullBack(output, inputs, cotangent)).toThrow(GraphError);
});
