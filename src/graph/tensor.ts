import { sizeOf } from '../data/shape.ts';
import type { Emitter } from './emitter.ts';
import { GraphError } from './error.ts';
import { type DType, dtypeOf, type Shape, type TensorData } from './types.ts';

export type { DType, Shape, TensorData } from './types.ts';
export { sizeOf };

/** What is known of a tensor before anything runs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * A symbolic tensor of static shape: an input, a constant, or an op applied to other tensors.
 * Nothing is computed until `compile`.
 */
export interface Tensor extends TensorType {
  /** What the caller calls it; shape errors repeat it. */
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly source: Source;
}

/** Where a tensor comes from. For an op: its rules with inputs and attributes bound. */
export type Source =
  | { readonly kind: 'input' }
  | { readonly kind: 'constant'; readonly data: TensorData; readonly label?: string }
  | {
      readonly kind: 'op';
      readonly op: string;
      readonly lower: (emitter: Emitter, inputs: readonly string[]) => string;
      readonly gradient?: (cotangent: Tensor) => readonly (Tensor | undefined)[];
    };

/** What one op is: three rules that live together in its file under `ops/`. */
export interface Op<Attributes = undefined> {
  readonly name: string;
  /** Shape rule. Throws through `fail` when the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: Attributes): TensorType;
  /**
   * Gradient rule: the cotangent of each input from the cotangent of the output, made of graph
   * ops so that it can be differentiated again. Absent: no gradient flows.
   */
  gradient?(call: Call<Attributes>, cotangent: Tensor): readonly (Tensor | undefined)[];
  /** ONNX lowering: emits nodes and returns the name of the result. */
  lower(emitter: Emitter, inputs: readonly string[], call: Call<Attributes>): string;
}

/** One application of an op. */
export interface Call<Attributes> {
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly output: Tensor;
}

/** Applies an op. Shapes are checked here, so mistakes surface where the graph is written. */
export function apply<Attributes>(
  op: Op<Attributes>,
  inputs: readonly Tensor[],
  attributes: Attributes,
): Tensor {
  const { gradient } = op;
  const output: Tensor = {
    ...op.infer(inputs, attributes),
    name: op.name,
    inputs,
    source: {
      kind: 'op',
      op: op.name,
      lower: (emitter, names) => op.lower(emitter, names, { inputs, attributes, output }),
      ...(gradient && {
        gradient: (cotangent: Tensor) => gradient({ inputs, attributes, output }, cotangent),
      }),
    },
  };
  return output;
}

/** Makes a tensor fed at every run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  checkShape(name, shape);
  return { shape: [...shape], dtype, name, inputs: [], source: { kind: 'input' } };
}

/**
 * Makes a tensor whose values are part of the graph. Plain numbers become float32. With a label it
 * keeps that name in exported files.
 */
export function constant(
  values: number | readonly number[] | TensorData,
  shape?: Shape,
  label?: string,
): Tensor {
  const data = typeof values === 'number' ? Float32Array.of(values) : toData(values);
  const dims = shape ?? (typeof values === 'number' ? [] : [data.length]);
  checkShape('constant', dims);
  if (sizeOf(dims) !== data.length) {
    throw new GraphError(`constant: ${data.length} values do not fill shape [${dims.join(', ')}]`, {
      code: 'shape',
      facts: { shape: dims, values: data.length },
    });
  }
  const source = { kind: 'constant', data, ...(label !== undefined && { label }) } as const;
  return { shape: [...dims], dtype: dtypeOf(data), name: label ?? 'constant', inputs: [], source };
}

const alias: Op = {
  name: 'named',
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: (_, cotangent) => [cotangent],
  lower: (_, [x]) => x!,
};

/** Gives the same values under the caller's name, which shape errors then repeat. */
export function named(name: string, tensor: Tensor): Tensor {
  return { ...apply(alias, [tensor], undefined), name };
}

/** Says how errors name a tensor: `x [8, 3, 28, 28]`. */
export function describe(tensor: Tensor): string {
  return `${tensor.name} [${tensor.shape.join(', ')}]`;
}

/** Throws the one-line error of an op: its name, the problem, each input with its shape. */
export function fail(op: string, problem: string, inputs: readonly Tensor[] = []): never {
  const given = inputs.length === 0 ? '' : ` (given ${inputs.map(describe).join(' and ')})`;
  throw new GraphError(`${op}: ${problem}${given}`, {
    code: 'shape',
    facts: { op, shapes: inputs.map(({ shape }) => shape) },
  });
}

/** Throws unless all inputs are float32. */
export function checkFloat(op: string, inputs: readonly Tensor[]): void {
  const other = inputs.find(({ dtype }) => dtype !== 'float32');
  if (other) fail(op, `takes float32, not ${other.dtype}`, inputs);
}

/** Checks that a shape is of whole numbers from 0. */
export function checkShape(name: string, shape: Shape): void {
  if (shape.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new GraphError(
      `${name}: a shape is made of whole numbers ≥ 0, not [${shape.join(', ')}]`,
      { code: 'shape', facts: { name, shape } },
    );
  }
}

function toData(values: readonly number[] | TensorData): TensorData {
  return ArrayBuffer.isView(values) ? values : Float32Array.from(values);
}
