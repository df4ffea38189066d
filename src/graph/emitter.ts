import { type DType, dtypeOf, type Shape, type TensorData } from './tensor.ts';

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
  /** A constant; equal constants are one. */
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

export function createEmitter(target: Target, channelBlock: number): Emission {
  const emitted: OnnxNode[] = [];
  const constants: OnnxConstant[] = [];
  const known = new Map<string, string[]>();

  const nodes = (
    op: string,
    inputs: readonly string[],
    count: number,
    options: NodeOptions = {},
  ) => {
    const { domain = '', attributes = {} } = options;
    const key = JSON.stringify([op, domain, inputs, attributes, count]);
    const existing = known.get(key);
    if (existing) return existing;
    const id = emitted.length;
    const outputs = Array.from({ length: count }, (_, i) => `${op}_${id}${i === 0 ? '' : `_${i}`}`);
    emitted.push({ op, domain, inputs, outputs, attributes });
    known.set(key, outputs);
    return outputs;
  };

  const addConstant = (data: TensorData, shape: Shape, dtype: DType = dtypeOf(data)) => {
    // Large constants are not compared: they are weights, each met once.
    const key = data.length > 64 ? undefined : `constant ${dtype} [${shape}] ${data.join()}`;
    const existing = key === undefined ? undefined : known.get(key);
    if (existing) return existing[0]!;
    const name = `constant_${constants.length}`;
    constants.push({ name, dtype, shape, data });
    if (key !== undefined) known.set(key, [name]);
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
