import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { type DType, onnxType, type Shape, type StoredType, type TensorData } from './types.ts';

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: OnnxGraph };

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

/** A graph input or output; a size that is a string is a named dynamic dimension. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Free-form strings kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A constant as a file holds it; float16 as 16-bit integers. */
export interface StoredConstant extends Omit<OnnxConstant, 'dtype' | 'data'> {
  readonly dtype: StoredType;
  readonly data: TensorData | Uint16Array;
  /** Where its bytes are, if not in the file. */
  readonly outside?: {
    readonly location: string;
    readonly offset: number;
    readonly length: number;
  };
}

/** A graph as a file holds it. */
export interface StoredGraph extends Omit<OnnxGraph, 'constants'> {
  readonly constants: readonly StoredConstant[];
}

const OPSET = 21n;
const IR_VERSION = 10n;

/** A model whose long constants stand in a file beside it. */
export interface ModelWithData {
  readonly model: Uint8Array;
  /** The file beside it, in pieces, end to end. */
  readonly data: readonly Uint8Array[];
}

/** Bytes from which a constant stands beside the model; shapes have to be in it. */
const LONG = 1024;
/** Places in the file beside it are multiples of this: a runtime may map them. */
const ALIGNMENT = 64;

/** Writes a model, and its long constants for the file beside it that `location` names. */
export function encodeModelBeside(graph: StoredGraph | OnnxGraph, location: string): ModelWithData {
  const data: Uint8Array[] = [];
  let offset = 0;
  const constants = graph.constants.map((constant): StoredConstant => {
    const bytes = bytesOf(constant.data);
    if (bytes.length < LONG) return constant;
    const outside = { location, offset, length: bytes.length };
    const gap = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    data.push(bytes, new Uint8Array(gap));
    offset += bytes.length + gap;
    return { ...constant, outside };
  });
  return { model: encodeModel({ ...graph, constants }), data };
}

/** Writes the bytes of an ONNX file. */
export const encodeModel = (graph: StoredGraph): Uint8Array => joined(encodeModelPieces(graph));

/**
 * Writes the bytes of an ONNX file in pieces, end to end. The numbers of constants are among them
 * as they stand, so that a large model is not held twice.
 */
export function encodeModelPieces(graph: StoredGraph): readonly Uint8Array[] {
  const domains = new Set(['', ...domainsOf(graph)]);
  const { node, name, input, output } = encodeGraph({ ...graph, constants: [] });
  // In the order of the fields' numbers, as an encoder of the whole writes them.
  const inGraph = [
    toBinary(GraphProtoSchema, create(GraphProtoSchema, { node, name })),
    ...graph.constants.flatMap((constant) => field(INITIALIZER, constantPieces(constant))),
    toBinary(GraphProtoSchema, create(GraphProtoSchema, { input, output })),
  ];
  const head = create(ModelProtoSchema, { irVersion: IR_VERSION, producerName: 'mdensity' });
  const tail = create(ModelProtoSchema, {
    opsetImport: [...domains].map((domain) => ({ domain, version: domain === '' ? OPSET : 1n })),
    metadataProps: Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
  return [
    toBinary(ModelProtoSchema, head),
    ...field(GRAPH, inGraph),
    toBinary(ModelProtoSchema, tail),
  ];
}

/** Numbers of fields: of a model its graph, of a graph its constants, of a constant its bytes. */
const [GRAPH, INITIALIZER, RAW_DATA] = [7, 5, 9] as const;

function constantPieces(constant: StoredConstant): readonly Uint8Array[] {
  const head = toBinary(TensorProtoSchema, encodeConstant(constant, false));
  return constant.outside ? [head] : [head, ...field(RAW_DATA, [bytesOf(constant.data)])];
}

function encodeConstant(
  { name, dtype, shape, data, outside }: StoredConstant,
  withData = true,
): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: onnxType[dtype],
    dims: shape.map(BigInt),
    ...(outside ? placed(outside) : withData && { rawData: bytesOf(data) }),
  });
}

/** A field of bytes, as protocol buffers have it: its number and type, its length, itself. */
function field(number: number, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.of(8 * number + 2, ...varint(length)), ...pieces];
}

/** A whole number in groups of seven bits, the lowest first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varint(Math.floor(value / 128))];
}

/** Joins pieces, end to end. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function encodeGraph(graph: StoredGraph): GraphProto {
  return create(GraphProtoSchema, {
    name: 'mdensity',
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
    initializer: graph.constants.map((constant) => encodeConstant(constant)),
    node: graph.nodes.map((node) =>
      create(NodeProtoSchema, {
        opType: node.op,
        domain: node.domain,
        name: node.outputs[0]!,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(encodeAttribute),
      }),
    ),
  });
}

const placed = (outside: NonNullable<StoredConstant['outside']>) => ({
  dataLocation: TensorProto_DataLocation.EXTERNAL,
  externalData: Object.entries(outside).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: `${value}` }),
  ),
});

/** Operator domains of a graph and the graphs inside it. */
function domainsOf({ nodes }: StoredGraph): string[] {
  return nodes.flatMap(({ domain, attributes }) => [
    domain,
    ...Object.values(attributes).flatMap((value) =>
      typeof value === 'object' && 'graph' in value ? domainsOf(value.graph) : [],
    ),
  ]);
}

function encodeValue({ name, dtype, shape }: OnnxValue): ValueInfoProto {
  const dim = shape.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: onnxType[dtype], shape: { dim } } } },
  });
}

function encodeAttribute([name, value]: [string, AttributeValue]): AttributeProto {
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if ('graph' in value) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.GRAPH,
      g: encodeGraph(value.graph),
    });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

function bytesOf(data: StoredConstant['data']): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}
