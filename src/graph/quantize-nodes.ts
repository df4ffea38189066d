/** Nodes of 8 bits about a layer of an ONNX graph, and the numbers in them. */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from 'onnx-buf';
import type { StoredArray } from './read-onnx.ts';

/** Smallest and largest value that a tensor took. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A convolution, or a product of an activation with constant weights. */
export interface QuantizableLayer {
  /** Name of its output, by which it is told from others. */
  readonly name: string;
  readonly input: string;
  readonly weights: StoredArray;
  readonly bias: StoredArray | undefined;
  /** Axis of the weights along which outputs lie. */
  readonly axis: number;
}

/** ONNX's numbers of types, as in `types.ts`, with the one that only 8 bits need. */
const type = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;

/** Writes nodes of 8 bits into a graph; a tensor that two layers take is brought to 8 bits once. */
export function quantizer(graph: GraphProto, ranges: ReadonlyMap<string, Range>) {
  const steps = new Map<string, Activation>();
  const rounded = new Set<string>();

  function constant(name: string, dataType: number, dims: readonly number[], data: Data): string {
    graph.initializer.push(tensorOf(name, dataType, dims, data));
    return name;
  }
  /** Scale and zero point of a tensor. */
  function step(name: string): Activation {
    const known = steps.get(name);
    if (known) return known;
    const { scale, zero } = stepOf(ranges.get(name)!);
    const names = [
      constant(`${name}/scale`, type.float32, [], Float32Array.of(scale)),
      constant(`${name}/zero`, type.uint8, [], Uint8Array.of(zero)),
    ];
    steps.set(name, { scale, names });
    return { scale, names };
  }
  /** A tensor in 8 bits and back. */
  function round(from: string, to: string, { names }: Activation): void {
    graph.node.push(nodeOf('QuantizeLinear', [from, ...names], [`${to}/8-bit`]));
    graph.node.push(nodeOf('DequantizeLinear', [`${to}/8-bit`, ...names], [to]));
  }
  function roundOnce(name: string): string {
    const to = `${name}/rounded`;
    if (!rounded.has(name)) round(name, to, step(name));
    rounded.add(name);
    return to;
  }

  function layer({ name, input, weights, bias, axis }: QuantizableLayer, node: NodeProto): void {
    const x = step(input);
    const { values, scales } = quantizeWeights(weights, axis, leastScales(bias, x.scale));
    const channels = scales.length;
    const zeros = constant(`${name}/w-zero`, type.int8, [channels], new Int8Array(channels));
    const scale = constant(`${name}/w-scale`, type.float32, [channels], scales);
    const stored = constant(`${name}/w`, type.int8, weights.shape, values);
    const w = nodeOf('DequantizeLinear', [stored, scale, zeros], [`${name}/w-rounded`]);
    w.attribute.push(integer('axis', axis));
    graph.node.push(w);
    const inputs = [roundOnce(input), `${name}/w-rounded`];
    if (bias) {
      const steps = scales.map((s) => s * x.scale);
      const counts = Int32Array.from(bias.data, (value, i) => Math.round(value / steps[i]!));
      const scaleName = constant(`${name}/b-scale`, type.float32, [channels], steps);
      const b = nodeOf(
        'DequantizeLinear',
        [constant(`${name}/b`, type.int32, [channels], counts), scaleName],
        [`${name}/b-rounded`],
      );
      b.attribute.push(integer('axis', 0));
      graph.node.push(b);
      inputs.push(`${name}/b-rounded`);
    }
    const [output] = node.output;
    const sum = `${output}/exact`;
    graph.node.push(create(NodeProtoSchema, { ...node, name: sum, input: inputs, output: [sum] }));
    round(sum, output!, step(name));
  }
  /** A whole number, to index by. */
  const place = (name: string, i: number) => constant(name, type.int32, [], Int32Array.of(i));
  return { layer, place };
}

interface Activation {
  readonly scale: number;
  /** Names of the scale and the zero point. */
  readonly names: readonly string[];
}

/** The step of 255 from the smallest to the largest value, 0 among them, and where 0 lies. */
function stepOf({ min, max }: Range): { readonly scale: number; readonly zero: number } {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const scale = Math.fround(Math.max(high - low, Number.EPSILON) / 255);
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}

/** Steps of weights below which a channel's bias would be more than 31 bits of them hold. */
const leastScales = (bias: StoredArray | undefined, scale: number) =>
  bias?.data.map((value) => Math.abs(value) / (2 ** 30 * scale));

/**
 * Rounds weights to −127…127 of a step for each output channel.
 *
 * @param least smallest step of each channel.
 */
export function quantizeWeights(
  { shape, data }: StoredArray,
  axis: number,
  least?: ArrayLike<number>,
) {
  const channels = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const largest = new Float32Array(channels);
  for (let i = 0; i < data.length; i++) {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel]!, Math.abs(data[i]!));
  }
  const scales = largest.map((most, channel) =>
    Math.max(Math.max(most, 1e-12) / 127, least?.[channel] ?? 0),
  );
  const values = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = Math.round(data[i]! / scales[channelOf(i)]!);
  return { values, scales };
}

type Data = Float32Array | Int32Array | Int8Array | Uint8Array;

function tensorOf(
  name: string,
  dataType: number,
  dims: readonly number[],
  data: Data,
): TensorProto {
  const rawData = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData });
}

/** Makes a node without attributes. */
export const nodeOf = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
): NodeProto =>
  create(NodeProtoSchema, { opType, name: output[0]!, input: [...input], output: [...output] });

/** Makes an attribute of one whole number. */
export const integer = (name: string, value: number) =>
  create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
