import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
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
}

/** A graph as a file holds it. */
export interface StoredGraph extends Omit<OnnxGraph, 'constants'> {
  readonly constants: readonly StoredConstant[];
}

const OPSET = 21n;
const IR_VERSION = 10n;

/** The bytes of an ONNX file. */
export function encodeModel(graph: StoredGraph): Uint8Array {
  const domains = new Set(['', ...domainsOf(graph)]);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'mdensity',
    opsetImport: [...domains].map((domain) => ({ domain, version: domain === '' ? OPSET : 1n })),
    metadataProps: Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: encodeGraph(graph),
  });
  return toBinary(ModelProtoSchema, model);
}

function encodeGraph(graph: StoredGraph): GraphProto {
  return create(GraphProtoSchema, {
    name: 'mdensity',
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
    initializer: graph.constants.map(({ name, dtype, shape, data }) =>
      create(TensorProtoSchema, {
        name,
        dataType: onnxType[dtype],
        dims: shape.map(BigInt),
        rawData: bytesOf(data),
      }),
    ),
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
