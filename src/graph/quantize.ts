/**
 * Convolutions and matrix products of an ONNX file in 8 bits: weights signed, by channel;
 * activations unsigned, by tensor, over a range that was measured. Written as QuantizeLinear and
 * DequantizeLinear about each layer, which runtimes fuse with it into one kernel of integers
 * (Jacob et al. 2018, arXiv 1712.05877, section 2).
 */
import { create, fromBinary } from '@bufbuild/protobuf';
import {
  TensorShapeProto_DimensionSchema as DimensionSchema,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorShapeProto_Dimension,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { edited, makersOf, sayPrecision } from './edit-onnx.ts';
import { integer, nodeOf, type QuantizableLayer, quantizer, type Range } from './quantize-nodes.ts';
import { readOnnx, type StoredArray } from './read-onnx.ts';
import { onnxType } from './types.ts';

/** Numbers of weights below which a layer gains nothing. */
const SMALL = 512;

/**
 * Lists the layers that could be computed in 8 bits.
 *
 * @param made what `constantPart` makes.
 */
export function quantizableLayers(
  bytes: Uint8Array,
  source: string,
  made: Readonly<Record<string, StoredArray>> = {},
): QuantizableLayer[] {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const constants = { ...readOnnx(bytes, source).constants(), ...made };
  const constant = (name: string) => (Object.hasOwn(constants, name) ? constants[name] : undefined);
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
 * Cuts from a file what makes weights and biases of constants alone, such as those cast from half
 * precision or scaled: a file without inputs, whose outputs they are.
 */
export function constantPart(bytes: Uint8Array): {
  readonly names: readonly string[];
  readonly bytes: Uint8Array;
} {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const stored = new Set(graph!.initializer.map(({ name }) => name));
  const made = new Set<string>();
  for (const { opType, input, output, attribute } of graph!.node) {
    const isSame = !/^(Random|Multinomial|Bernoulli|Dropout)/.test(opType);
    const isPlain = attribute.every(({ g, graphs }) => g === undefined && graphs.length === 0);
    const isOfConstants = input.every((name) => name === '' || stored.has(name) || made.has(name));
    if (isSame && isPlain && isOfConstants) for (const name of output) made.add(name);
  }
  const taken = graph!.node.flatMap((node) =>
    /^(Conv|Gemm|MatMul)$/.test(node.opType) ? node.input.slice(1, 3) : [],
  );
  const names = [...new Set(taken)].filter((name) => made.has(name));
  const part = edited(bytes, (model) => {
    model.graph.input = [];
    model.graph.output = [];
    for (const name of names) addOutput(model.graph, name);
    dropUnused(model.graph);
  });
  return { names, bytes: part };
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
const measured = {
  ...{ min: '/min', max: '/max', mean: '/mean' },
} as const;

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

/** Adds outputs for the mean change of each channel by 8 bits, in layers with a bias. */
export function withMeans(
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
      addMeans(graph, change, own.opType, measuredName(layer.name, 'mean'));
    }
  });
}

/** The input of `withSwitches`. */
export const SWITCHES = 'in-8-bits';

/** Adds an input that says of each layer whether it is in 8 bits: 1, or 0. */
export function withSwitches(
  bytes: Uint8Array,
  layers: readonly QuantizableLayer[],
  ranges: ReadonlyMap<string, Range>,
): Uint8Array {
  return edited(bytes, ({ graph }) => {
    const writer = quantizer(graph, ranges);
    for (const [i, layer] of layers.entries()) {
      const { name } = layer;
      const own = graph.node.find(({ output }) => output[0] === name)!;
      const [single, changed] = [`${name}/single`, `${name}/in-8-bits`];
      writer.layer(layer, { ...own, output: [changed] });
      Object.assign(own, { name: single, output: [single] });
      const place = writer.place(`${name}/place`, i);
      graph.node.push(
        nodeOf('Gather', [SWITCHES, place], [`${name}/switch`]),
        nodeOf('Sub', [changed, single], [`${name}/change`]),
        nodeOf('Mul', [`${name}/change`, `${name}/switch`], [`${name}/switched`]),
        nodeOf('Add', [single, `${name}/switched`], [name]),
      );
    }
    const dim = { value: { case: 'dimValue' as const, value: BigInt(layers.length) } };
    graph.input.push(valueInfo(SWITCHES, { dim: [create(DimensionSchema, dim)] }));
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
    sayPrecision(model, 'int8');
  });
}

/** Adds a node that makes one number of a tensor, and that number as an output. */
function addNumber(graph: GraphProto, op: string, input: readonly string[], name: string): void {
  const node = nodeOf(op, input, [name]);
  node.attribute.push(integer('keepdims', 0));
  graph.node.push(node);
  addOutput(graph, name, { dim: [] });
}

function addOutput(graph: GraphProto, name: string, shape?: Shape): void {
  graph.output.push(valueInfo(name, shape));
}

type Shape = { readonly dim: TensorShapeProto_Dimension[] };

/** Describes an input or output of single precision. */
const valueInfo = (name: string, shape?: Shape) =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: onnxType.float32, ...(shape && { shape }) },
      },
    },
  });

/** Adds the mean change of each channel of each example as an output; of rows, all of them. */
function addMeans(graph: GraphProto, change: string, opType: string, name: string): void {
  graph.node.push(nodeOf(opType === 'Conv' ? 'GlobalAveragePool' : 'Identity', [change], [name]));
  addOutput(graph, name);
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
