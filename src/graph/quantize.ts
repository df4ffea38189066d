/**
 * Convolutions and matrix products of an ONNX file in 8 bits: weights signed, by channel;
 * activations unsigned, by tensor, over a range that was measured. Written as QuantizeLinear and
 * DequantizeLinear about each layer, which runtimes fuse with it into one kernel of integers
 * (Jacob et al. 2018, arXiv 1712.05877, section 2).
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  StringStringEntryProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { integer, nodeOf, type QuantizableLayer, quantizer, type Range } from './quantize-nodes.ts';
import { readOnnx, type StoredArray } from './read-onnx.ts';
import { onnxType } from './types.ts';

/** Numbers of weights below which a layer gains nothing. */
const SMALL = 512;

/** Lists the layers that could be computed in 8 bits. */
export function quantizableLayers(bytes: Uint8Array, source: string): QuantizableLayer[] {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const stored = readOnnx(bytes, source).constants();
  const constant = constantsOf(graph!, stored);
  return graph!.node.flatMap((node): QuantizableLayer[] => {
    const [input, weight, bias] = node.input;
    const weights = weight === undefined ? undefined : constant(weight);
    const axis = axisOf(node, weights?.shape.length ?? 0);
    if (weights === undefined || axis === undefined || weights.data.length < SMALL) return [];
    const added = bias === undefined || bias === '' ? undefined : constant(bias);
    if (bias && added === undefined) return [];
    return [{ name: node.output[0]!, input: input!, weights, bias: added, axis }];
  });
}

/**
 * Reads a constant by the name of what uses it: it may be cast from half precision and, of two
 * axes, turned before.
 */
function constantsOf(graph: GraphProto, stored: Readonly<Record<string, StoredArray>>) {
  const makers = makersOf(graph);
  return function constant(name: string): StoredArray | undefined {
    if (Object.hasOwn(stored, name)) return stored[name];
    const maker = makers.get(name);
    const before = maker?.input[0];
    if (maker === undefined || before === undefined) return undefined;
    if (maker.opType === 'Cast') return constant(before);
    const found = maker.opType === 'Transpose' ? constant(before) : undefined;
    return found?.shape.length === 2 ? turned(found) : undefined;
  };
}

/** The transpose of a matrix. */
function turned({ shape: [rows, columns], data }: StoredArray): StoredArray {
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    values[(i % columns!) * rows! + Math.floor(i / columns!)] = data[i]!;
  }
  return { shape: [columns!, rows!], data: values };
}

/** Axis of outputs in the weights; undefined for what is no layer that is known here. */
function axisOf({ opType, attribute }: NodeProto, rank: number): number | undefined {
  if (opType === 'Conv') return 0;
  if (opType === 'MatMul' && rank === 2) return 1;
  if (opType !== 'Gemm') return undefined;
  const value = (name: string) => attribute.find((one) => one.name === name);
  if (value('transA')?.i || (value('alpha')?.f ?? 1) !== 1 || (value('beta')?.f ?? 1) !== 1) {
    return undefined;
  }
  return value('transB')?.i ? 0 : 1;
}

/** Suffixes of outputs of a file that measures. */
const measured = { min: '/min', max: '/max', error: '/error', power: '/power' } as const;

/** Names an output of `withRanges` or `withErrors`. */
export const measuredName = (name: string, what: keyof typeof measured) =>
  `${name}${measured[what]}`;

/** Adds outputs for the smallest and largest value of each tensor. */
export function withRanges(bytes: Uint8Array, tensors: readonly string[]): Uint8Array {
  return edited(bytes, ({ graph }) => {
    for (const name of tensors) {
      addNumber(graph, 'ReduceMin', [name], measuredName(name, 'min'));
      addNumber(graph, 'ReduceMax', [name], measuredName(name, 'max'));
    }
  });
}

/** Writes a file with its graph changed, nodes in order. */
function edited(
  bytes: Uint8Array,
  change: (model: ModelProto & { readonly graph: GraphProto }) => void,
): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  change(Object.assign(model, { graph }));
  sortNodes(graph);
  return toBinary(ModelProtoSchema, model);
}

/**
 * Adds outputs for what 8 bits change in each layer alone: the sum of squares of its output's
 * change, and of the output.
 */
export function withErrors(
  bytes: Uint8Array,
  layers: readonly QuantizableLayer[],
  ranges: ReadonlyMap<string, Range>,
): Uint8Array {
  return edited(bytes, ({ graph }) => {
    const writer = quantizer(graph, ranges);
    for (const layer of layers) {
      const own = graph.node.find(({ output }) => output[0] === layer.name)!;
      const changed = `${layer.name}/in-8-bits`;
      writer.layer(layer, { ...own, output: [changed] });
      const change = `${layer.name}/change`;
      graph.node.push(nodeOf('Sub', [changed, layer.name], [change]));
      addNumber(graph, 'ReduceSumSquare', [change], measuredName(layer.name, 'error'));
      addNumber(graph, 'ReduceSumSquare', [layer.name], measuredName(layer.name, 'power'));
    }
  });
}

/** Writes the same file with these layers in 8 bits. */
export function quantizeLayers(
  bytes: Uint8Array,
  layers: readonly QuantizableLayer[],
  ranges: ReadonlyMap<string, Range>,
): Uint8Array {
  return edited(bytes, (model) => {
    const { graph } = model;
    const writer = quantizer(graph, ranges);
    for (const layer of layers) {
      const index = graph.node.findIndex(({ output }) => output[0] === layer.name);
      const [own] = graph.node.splice(index, 1);
      writer.layer(layer, own!);
    }
    dropUnused(graph);
    const others = model.metadataProps.filter(({ key }) => key !== PRECISION);
    const said = create(StringStringEntryProtoSchema, { key: PRECISION, value: 'int8' });
    model.metadataProps = [...others, said];
  });
}

/** Metadata key of the precision that a file computes in, where it is not single. */
export const PRECISION = 'precision';

/** Adds a node that makes one number of a tensor, and that number as an output. */
function addNumber(graph: GraphProto, op: string, input: readonly string[], name: string): void {
  const node = nodeOf(op, input, [name]);
  node.attribute.push(integer('keepdims', 0));
  graph.node.push(node);
  const tensorType = { elemType: onnxType.float32, shape: { dim: [] } };
  graph.output.push(
    create(ValueInfoProtoSchema, {
      name,
      type: { value: { case: 'tensorType', value: tensorType } },
    }),
  );
}

/** Drops nodes and constants that no output comes from. */
function dropUnused(graph: GraphProto): void {
  const makers = makersOf(graph);
  const used = new Set<string>();
  const open = graph.output.map(({ name }) => name);
  while (open.length > 0) {
    const name = open.pop()!;
    if (used.has(name)) continue;
    used.add(name);
    open.push(...(makers.get(name)?.input ?? []));
  }
  graph.node = graph.node.filter(({ output }) => output.some((name) => used.has(name)));
  graph.initializer = graph.initializer.filter(({ name }) => used.has(name));
}

const makersOf = ({ node }: GraphProto): ReadonlyMap<string, NodeProto> =>
  new Map(node.flatMap((one) => one.output.map((name) => [name, one] as const)));

/** Puts each node behind those it takes from, which ONNX asks for. */
function sortNodes(graph: GraphProto): void {
  const makers = makersOf(graph);
  const sorted = new Set<NodeProto>();
  // Depth first, without recursion: graphs may be deep.
  for (const node of graph.node) {
    const open = [node];
    while (open.length > 0) {
      const top = open.at(-1)!;
      const before = top.input
        .map((name) => makers.get(name))
        .find((maker) => maker !== undefined && !sorted.has(maker));
      if (before === undefined) {
        sorted.add(top);
        open.pop();
      } else open.push(before);
    }
  }
  graph.node = [...sorted];
}
