import type { AttributeValue, OnnxConstant, OnnxNode } from './onnx.ts';
import { type DType, dtypeOf, type Shape, type TensorData } from './types.ts';

/** Where a graph will run. Lowerings differ: `portable` uses standard ONNX alone. */
export type Target = 'cpu' | 'webgpu' | 'cuda' | 'portable';

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
  /** The node that makes a name; none for inputs and constants. */
  maker(name: string): OnnxNode | undefined;
  /** The same for a node with several outputs. */
  nodes(op: string, inputs: readonly string[], outputs: number, options?: NodeOptions): string[];
  /**
   * A constant. Equal short ones are one; a long one is one as long as it is the same array and
   * shape. One with a label is itself, under that name.
   */
  constant(data: TensorData, shape: Shape, dtype?: DType, label?: string): string;
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

/** Makes what collects nodes and constants while a graph is lowered. */
export function createEmitter(target: Target, channelBlock: number): Emission {
  const { emitted, add: nodes, maker } = createNodeList();
  const { constants, add: constant } = createConstantPool();
  return {
    target,
    channelBlock,
    emitted,
    constants,
    maker,
    nodes,
    node: (op, inputs, options) => nodes(op, inputs, 1, options)[0]!,
    constant,
    scalar: (value) => constant(Float32Array.of(value), []),
    ints: (values) => constant(BigInt64Array.from(values, BigInt), [values.length]),
  };
}

/** Nodes in order, equal ones once; a chain of reshapes is one, and so is a chain of transposes. */
function createNodeList() {
  const emitted: OnnxNode[] = [];
  const known = new Map<string, string[]>();
  const makers = new Map<string, OnnxNode>();

  const append = (node: Omit<OnnxNode, 'outputs'>, count: number): string[] => {
    const key = JSON.stringify([node, count]);
    const existing = known.get(key);
    if (existing) return existing;
    const name = `${OWN}${node.op}_${emitted.length}`;
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name}_${i}`));
    const made = { ...node, outputs };
    emitted.push(made);
    known.set(key, outputs);
    makers.set(name, made);
    return outputs;
  };

  const add = (
    op: string,
    inputs: readonly string[],
    count: number,
    { domain = '', attributes = {} }: NodeOptions = {},
  ): string[] => {
    const maker = makers.get(inputs[0]!);
    if (op === 'Reshape' && maker?.op === op) {
      // A shape that is computed, plus zero, is there to make what reads it wait (see `after`):
      // then this one waits itself. The runtime cannot take a chain of the two.
      const wait = makers.get(maker.inputs[1]!)?.inputs[1];
      const shape = wait === undefined ? inputs[1]! : add('Add', [inputs[1]!, wait], 1)[0]!;
      return add(op, [maker.inputs[0]!, shape], count);
    }
    if (op === 'Transpose' && maker?.op === op) {
      const first = maker.attributes.perm as readonly number[];
      const perm = (attributes.perm as readonly number[]).map((axis) => first[axis]!);
      const [from] = maker.inputs as readonly [string];
      if (perm.every((axis, i) => axis === i)) return [from];
      return add(op, [from], count, { attributes: { perm } });
    }
    return append({ op, domain, inputs, attributes }, count);
  };
  return { emitted, add, maker: (name: string) => makers.get(name) };
}

/** Constants: short ones are compared by value, long ones by being the same array. */
function createConstantPool() {
  const constants: OnnxConstant[] = [];
  const short = new Map<string, string>();
  const long = new Map<TensorData, Map<string, string>>();

  const add = (
    data: TensorData,
    shape: Shape,
    dtype: DType = dtypeOf(data),
    label?: string,
  ): string => {
    if (label !== undefined) {
      constants.push({ name: label, dtype, shape, data });
      return label;
    }
    const isLong = data.length > 64;
    const place = isLong ? (long.get(data) ?? new Map<string, string>()) : short;
    if (isLong) long.set(data, place);
    const kind = `${dtype} [${shape}]`;
    const key = isLong ? kind : `${kind} ${textOf(data)}`;
    const existing = place.get(key);
    if (existing !== undefined) return existing;
    const name = `${OWN}constant_${constants.length}`;
    constants.push({ name, dtype, shape, data });
    place.set(key, name);
    return name;
  };
  return { constants, add };
}
