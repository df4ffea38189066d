import { type DType, dtypeOf, type Shape, type TensorData } from './types.ts';

/** Where a graph will run. Lowerings differ: `portable` uses standard ONNX alone. */
export type Target = 'cpu' | 'webgpu' | 'cuda' | 'portable';

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface OnnxConstant {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
}

export interface NodeOptions {
  readonly domain?: string;
  /** Whole numbers and lists of them are ONNX ints; write `{ float: x }` for an ONNX float. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** What ops lower into: a list of ONNX nodes in which equal nodes are one. */
export interface Emitter {
  readonly target: Target;
  /** Channels per block of the runtime's blocked convolution on this CPU; 0 where it has none. */
  readonly channelBlock: number;
  /** Adds a node (or finds the equal one) and returns its output's name. */
  node(op: string, inputs: readonly string[], options?: NodeOptions): string;
  /** The same for a node with several outputs. */
  nodes(op: string, inputs: readonly string[], outputs: number, options?: NodeOptions): string[];
  /** A constant. Equal short ones are one; a long one is one as long as it is the same array and shape. */
  constant(data: TensorData, shape: Shape, dtype?: DType): string;
  /** A float32 scalar constant. */
  scalar(value: number): string;
  /** A 1-D int64 constant, the form in which ONNX takes shapes, axes and pads. */
  ints(values: readonly number[]): string;
}

/** An emitter with the lists it has filled. */
export interface Emission extends Emitter {
  readonly emitted: OnnxNode[];
  readonly constants: OnnxConstant[];
}

/** Before every name made here, so that none is a name the caller gave. */
const OWN = '__';

/** Values as text in which −0 is not 0. */
const textOf = (data: TensorData) =>
  Array.from(data as ArrayLike<number | bigint>, (value) =>
    Object.is(value, -0) ? '-0' : value,
  ).join();

export function createEmitter(target: Target, channelBlock: number): Emission {
  const emitted: OnnxNode[] = [];
  const constants: OnnxConstant[] = [];
  const known = new Map<string, string[]>();
  const longConstants = new Map<TensorData, Map<string, string[]>>();

  /** What each Reshape reshapes, and each Transpose transposes: chains of either are one. */
  const reshaped = new Map<string, string>();
  const transposed = new Map<string, { readonly from: string; readonly perm: readonly number[] }>();

  const nodes = (
    op: string,
    inputs: readonly string[],
    count: number,
    options: NodeOptions = {},
  ): string[] => {
    const { domain = '', attributes = {} } = options;
    const from = op === 'Reshape' ? reshaped.get(inputs[0]!) : undefined;
    if (from !== undefined) return nodes(op, [from, inputs[1]!], count, options);
    const before = op === 'Transpose' ? transposed.get(inputs[0]!) : undefined;
    if (before !== undefined) {
      const perm = (attributes.perm as readonly number[]).map((axis) => before.perm[axis]!);
      if (perm.every((axis, i) => axis === i)) return [before.from];
      return nodes(op, [before.from], count, { attributes: { perm } });
    }
    const key = JSON.stringify([op, domain, inputs, attributes, count]);
    const existing = known.get(key);
    if (existing) return existing;
    const id = emitted.length;
    const outputs = Array.from(
      { length: count },
      (_, i) => `${OWN}${op}_${id}${i === 0 ? '' : `_${i}`}`,
    );
    emitted.push({ op, domain, inputs, outputs, attributes });
    known.set(key, outputs);
    if (op === 'Reshape') reshaped.set(outputs[0]!, inputs[0]!);
    if (op === 'Transpose') {
      const perm = attributes.perm as readonly number[];
      transposed.set(outputs[0]!, { from: inputs[0]!, perm });
    }
    return outputs;
  };

  const addConstant = (data: TensorData, shape: Shape, dtype: DType = dtypeOf(data)) => {
    // Short constants are compared by value, long ones by being the same array.
    const kind = `constant ${dtype} [${shape}]`;
    const long = data.length > 64;
    const place = long ? (longConstants.get(data) ?? new Map<string, string[]>()) : known;
    const key = long ? kind : `${kind} ${textOf(data)}`;
    if (long) longConstants.set(data, place);
    const existing = place.get(key);
    if (existing) return existing[0]!;
    const name = `${OWN}constant_${constants.length}`;
    constants.push({ name, dtype, shape, data });
    place.set(key, [name]);
    return name;
  };

  return {
    target,
    channelBlock,
    emitted,
    constants,
    nodes,
    node: (op, inputs, options) => nodes(op, inputs, 1, options)[0]!,
    constant: addConstant,
    scalar: (value) => addConstant(Float32Array.of(value), []),
    ints: (values) => addConstant(BigInt64Array.from(values, BigInt), [values.length]),
  };
}
