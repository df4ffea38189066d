import { createEmitter } from './emitter.ts';
import { GraphError } from './error.ts';
import { lowerGraph } from './lower.ts';
import {
  encodeModel,
  encodeModelBeside,
  encodeModelPieces,
  type ModelWithData,
  type OnnxConstant,
  type OnnxGraph,
  type OnnxNode,
  type StoredGraph,
} from './onnx.ts';
import { storeHalves } from './store-halves.ts';
import { input, type Shape, type Tensor } from './tensor.ts';

export interface ExportOptions {
  /** The function to export: [batch, ...shape] → a tensor whose first axis is the batch. */
  readonly build: (x: Tensor, further: Readonly<Record<string, Tensor>>) => Tensor;
  /** Shape of one example. */
  readonly shape: Shape;
  readonly inputName: string;
  readonly outputName: string;
  /** Further outputs by name, each one number for an example, [batch]. */
  readonly scalars?: (
    x: Tensor,
    further: Readonly<Record<string, Tensor>>,
  ) => Readonly<Record<string, Tensor>>;
  /** Further inputs by name, and their shape for one example: [] for a number. */
  readonly further?: Readonly<Record<string, Shape>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Store long constants in half precision: half the file. It still computes in single precision.
   */
  readonly half?: boolean;
}

/** Name of the dynamic first axis in exported files. */
export const BATCH = 'batch';

// Two batch sizes that nothing else in a graph equals.
const [FIRST, SECOND] = [1009, 1013];

/**
 * Writes an ONNX file of standard operators in which the batch is a dynamic axis.
 *
 * Shapes are static in the graph, so it is lowered at two batch sizes: what differs between the
 * two is where the batch enters, and there a shape constant may say −1, "what is left".
 * @throws GraphError where the batch enters in another way.
 */
export function exportOnnx(options: ExportOptions): Uint8Array {
  return encodeModel(exportGraph(options));
}

/**
 * Writes the same in pieces, end to end, which hold the weights where they are.
 * @throws GraphError as `exportOnnx`.
 */
export function exportOnnxPieces(options: ExportOptions): readonly Uint8Array[] {
  return encodeModelPieces(exportGraph(options));
}

/**
 * Writes the same with its weights in a file beside it, which `location` names: one ONNX file holds
 * 2 GiB at most.
 * @throws GraphError as `exportOnnx`.
 */
export function exportOnnxBeside(options: ExportOptions, location: string): ModelWithData {
  return encodeModelBeside(exportGraph(options), location);
}

function exportGraph({
  build,
  shape,
  inputName,
  outputName,
  scalars = () => ({}),
  further = {},
  metadata,
  half = false,
}: ExportOptions): StoredGraph {
  const lower = (batch: number) => {
    const x = input(inputName, [batch, ...shape]);
    const told = Object.fromEntries(
      Object.entries(further).map(([name, own]) => [name, input(name, [batch, ...own])]),
    );
    const outputs = { [outputName]: build(x, told), ...scalars(x, told) };
    return lowerGraph({ [inputName]: x, ...told }, outputs, createEmitter('portable', 0));
  };
  const [first, second] = [lower(FIRST), lower(SECOND)];
  if (
    JSON.stringify(first.nodes) !== JSON.stringify(second.nodes) ||
    first.constants.length !== second.constants.length
  ) {
    throw new GraphError('export: the graph has another form at another batch size', {
      code: 'unsupported',
    });
  }
  const fixed = first.outputs.find(
    ({ shape }, i) => shape[0] !== FIRST || second.outputs[i]!.shape[0] !== SECOND,
  );
  if (fixed) {
    throw new GraphError(
      `export: the first axis of "${fixed.name}" must be the batch, as in "${inputName}"`,
      { code: 'unsupported', facts: { output: fixed.name } },
    );
  }
  const uses = usesAsShape(first.nodes);
  const freed = first.constants.map((constant, i) =>
    freeBatch(constant, second.constants[i]!, uses.get(constant.name)),
  );
  const computed = freed.flatMap(({ nodes }) => nodes);
  const graph: OnnxGraph = {
    ...first,
    constants: [...freed.flatMap(({ constants }) => constants), ...batchConstants(computed)],
    nodes: [...batchNodes(computed, inputName), ...first.nodes],
    inputs: first.inputs.map(dynamic),
    outputs: first.outputs.map(dynamic),
    ...(metadata && { metadata }),
  };
  return half ? storeHalves(graph) : graph;
}

const dynamic = (value: OnnxGraph['inputs'][number]) => ({
  ...value,
  shape: [BATCH, ...value.shape.slice(1)],
});

type ShapeUse = 'Reshape' | 'Expand';

/** Constants that only say what shape to bring something to, and by which operators. */
function usesAsShape(nodes: readonly OnnxNode[]): Map<string, ShapeUse> {
  const uses = new Map<string, ShapeUse | 'other'>();
  for (const { op, inputs } of nodes) {
    inputs.forEach((name, i) => {
      const use = i === 1 && (op === 'Reshape' || op === 'Expand') ? op : 'other';
      const before = uses.get(name) ?? use;
      // What Expand takes Reshape takes too.
      const both = before === 'other' || use === 'other' ? 'other' : 'Expand';
      uses.set(name, before === use ? use : both);
    });
  }
  return new Map([...uses].flatMap(([name, use]) => (use === 'other' ? [] : [[name, use]])));
}

interface Freed {
  readonly constants: readonly OnnxConstant[];
  readonly nodes: readonly OnnxNode[];
}

/** A constant without the batch in it: for Reshape "what is left", if it can be, else computed. */
function freeBatch(a: OnnxConstant, b: OnnxConstant, use: ShapeUse | undefined): Freed {
  if (a.data === b.data) return { constants: [a], nodes: [] };
  const differs = [...a.data.keys()].filter((i) => a.data[i] !== b.data[i]);
  if (differs.length === 0 && a.data.length === b.data.length) return { constants: [a], nodes: [] };
  const [at] = differs;
  if (use === 'Reshape' && differs.length === 1 && !a.data.some((size) => size === -1n)) {
    const data = BigInt64Array.from(a.data as BigInt64Array);
    data[at!] = -1n;
    return { constants: [{ ...a, data }], nodes: [] };
  }
  const factor = use && differs.length === 1 ? factorOf(a.data[at!]!, b.data[at!]!) : undefined;
  if (factor !== undefined) return batchInShape(a, at!, factor);
  throw new GraphError(
    `export: the batch size is baked into a constant [${a.shape.join(', ')}]; only reshapes may hold it`,
    { code: 'unsupported', facts: { shape: a.shape } },
  );
}

/** k of a size that is k times the batch, if it is one. */
function factorOf(first: number | bigint, second: number | bigint): number | undefined {
  const factor = Number(first) / FIRST;
  return Number.isInteger(factor) && factor === Number(second) / SECOND ? factor : undefined;
}

/** Name of the batch as a computed tensor [1], and of what it is computed from. */
const BATCH_SIZE = 'batch size';
const [SHAPE, ZERO, ONE] = ['input shape', 'zero', 'one'];

/** The shape as a multiple of the batch between what stands before and after it. */
function batchInShape({ name, dtype, data }: OnnxConstant, at: number, factor: number): Freed {
  const part = (end: string, from: number, to: number): OnnxConstant[] => {
    const values = (data as BigInt64Array).slice(from, to);
    if (values.length === 0) return [];
    return [{ name: `${name} ${end}`, dtype, shape: [values.length], data: values }];
  };
  const [before, after] = [part('before', 0, at), part('after', at + 1, data.length)];
  const named = (constants: readonly OnnxConstant[]) => constants.map((constant) => constant.name);
  const times = {
    name: `${name} factor`,
    dtype,
    shape: [1],
    data: BigInt64Array.of(BigInt(factor)),
  };
  const size = `${name} size`;
  const inputs = [...named(before), size, ...named(after)];
  return {
    constants: [...before, times, ...after],
    nodes: [
      nodeOf('Mul', [BATCH_SIZE, times.name], size),
      { ...nodeOf('Concat', inputs, name), attributes: { axis: 0 } },
    ],
  };
}

const batchConstants = (computed: readonly OnnxNode[]): OnnxConstant[] =>
  computed.length === 0
    ? []
    : [ZERO, ONE].map((name, value) => ({
        name: name!,
        dtype: 'int64',
        shape: [1],
        data: BigInt64Array.of(BigInt(value)),
      }));

/** Nodes that read the batch off the input, and put it into shapes. */
function batchNodes(computed: readonly OnnxNode[], inputName: string): OnnxNode[] {
  if (computed.length === 0) return [];
  return [
    nodeOf('Shape', [inputName], SHAPE!),
    nodeOf('Slice', [SHAPE!, ZERO!, ONE!, ZERO!], BATCH_SIZE),
    ...computed,
  ];
}

const nodeOf = (op: string, inputs: readonly string[], output: string): OnnxNode => ({
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});
