/**
 * The layers of an ONNX file, and what lies between them, in half precision: for GPUs, which are
 * faster in it. What lies before the first layer and behind the last stays in single precision,
 * for there x̂ is a sum with its input, and a score the small difference of the two; and so does
 * what is not made of the image, such as noise levels and their embeddings.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto } from 'onnx-buf';
import { edited, sayPrecision } from './edit-onnx.ts';
import { GraphError } from './error.ts';
import { integer, nodeOf } from './quantize-nodes.ts';
import { readOnnx } from './read-onnx.ts';
import { onnxType } from './types.ts';

/** Where nearly all of the arithmetic is. */
const layerOps: ReadonlySet<string> = new Set([
  ...['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'FusedMatMul'],
]);
/** Sums of many values and powers, which leave the range of halves or what they resolve. */
const wideOps = /^(Reduce.*|Exp|Log|Pow|Softplus|CumSum|ConstantOfShape|Range)$/;
/** Inputs that ONNX wants in single precision whatever the type of the others. */
const singleInputs: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
};

/**
 * Writes a model's file with its layers in half precision.
 *
 * @throws GraphError (`unsupported`) where it has no layer, or loops and branches.
 */
export function inHalfPrecision(bytes: Uint8Array, source: string): Uint8Array {
  const { input } = readOnnx(bytes, source);
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const refuse = (problem: string) => {
    throw new GraphError(`${source}: ${problem}; use single precision`, {
      code: 'unsupported',
      facts: { source },
    });
  };
  const isNested = ({ attribute }: NodeProto) =>
    attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0);
  if (graph!.node.some(isNested)) refuse('has branches or loops, which stay in single precision');
  const types = typesOf(graph!);
  const halved = nodesToHalve(graph!, input.name, types);
  if (halved.size === 0) refuse('has no layer to compute in half precision');
  return edited(bytes, (model) => {
    halveNodes(model.graph, (index) => halved.has(index), types);
    sayPrecision(model, 'half');
  });
}

/** Types of all tensors, by ONNX's numbers; of a file with its nodes in order, as ONNX asks. */
function typesOf(graph: GraphProto): ReadonlyMap<string, number> {
  const types = new Map<string, number>();
  for (const { name, type } of graph.input) {
    if (type?.value.case === 'tensorType') types.set(name, type.value.value.elemType);
  }
  for (const { name, dataType } of graph.initializer) types.set(name, dataType);
  for (const node of graph.node) {
    for (const [i, name] of node.output.entries()) types.set(name, typeOfOutput(node, i, types));
  }
  return types;
}

const UNKNOWN = 0;

const fixedTypes: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'And', 'Or', 'Xor', 'Not']
      .concat('IsNaN', 'IsInf')
      .map((op) => [op, onnxType.bool]),
  ),
  ...Object.fromEntries(
    ['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero'].map((op) => [op, onnxType.int64]),
  ),
};

/** Inputs whose type the output has, where it is not the first. */
const typedBy: Readonly<Record<string, number>> = {
  ...{ Where: 1, CastLike: 1, OneHot: 2, DequantizeLinear: 1, QuantizeLinear: 2 },
};

function typeOfOutput(node: NodeProto, i: number, types: ReadonlyMap<string, number>): number {
  const { opType, attribute, input } = node;
  const value = (name: string) => attribute.find((one) => one.name === name);
  if (opType === 'Cast') return Number(value('to')?.i ?? UNKNOWN);
  if (opType === 'Constant' || opType === 'ConstantOfShape') {
    const ofNumbers = value('value_int') || value('value_ints') ? onnxType.int64 : onnxType.float32;
    return value('value')?.t?.dataType ?? ofNumbers;
  }
  if (opType === 'TopK' && i === 1) return onnxType.int64;
  const fixed = fixedTypes[opType];
  if (fixed !== undefined) return fixed;
  return types.get(input[typedBy[opType] ?? 0] ?? '') ?? UNKNOWN;
}

/** Places of the nodes that are made of the image, behind a layer and before one, or a layer. */
function nodesToHalve(
  { node: nodes }: GraphProto,
  image: string,
  types: ReadonlyMap<string, number>,
): ReadonlySet<number> {
  const isSingle = (name: string) => types.get(name) === onnxType.float32;
  const ofImage = new Set([image]);
  const behind = new Set<string>();
  const candidates: number[] = [];
  for (const [i, { opType, input, output }] of nodes.entries()) {
    if (!input.some((name) => ofImage.has(name))) continue;
    for (const name of output) ofImage.add(name);
    const isLayer = layerOps.has(opType) && isSingle(output[0]!);
    if (!isLayer && !input.some((name) => behind.has(name))) continue;
    for (const name of output) behind.add(name);
    const isOfSingles = isSingle(input[0]!) && isSingle(output[0]!);
    if (isOfSingles && !wideOps.test(opType)) candidates.push(i);
  }
  const before = new Set<string>();
  for (const { opType, input, output } of [...nodes].reverse()) {
    const isLayer = layerOps.has(opType) && ofImage.has(output[0]!);
    if (isLayer || output.some((name) => before.has(name))) {
      for (const name of input) before.add(name);
    }
  }
  const isNeeded = (i: number) =>
    layerOps.has(nodes[i]!.opType) || nodes[i]!.output.some((name) => before.has(name));
  return new Set(candidates.filter(isNeeded));
}

/** Outputs that are of the type of the input: norms give their moments in single precision. */
const halvesOf = ({ opType, output }: NodeProto) =>
  opType === 'Split' ? output : output.slice(0, 1);

/** Gives the nodes halves to take and make, cast where others take or make single precision. */
function halveNodes(
  graph: GraphProto,
  isHalf: (index: number) => boolean,
  types: ReadonlyMap<string, number>,
): void {
  const made = new Set(graph.node.flatMap((node, i) => (isHalf(i) ? halvesOf(node) : [])));
  const casts = new Map<string, NodeProto>();
  const cast = (name: string, to: 'float16' | 'float32', output: string) => {
    const node = nodeOf('Cast', [name], [output]);
    node.attribute.push(integer('to', onnxType[to]));
    casts.set(output, node);
    return output;
  };
  // What others take keeps its name, so that outputs of the file do too.
  const halfName = (name: string) => `${name}/half`;
  for (const [i, node] of graph.node.entries()) {
    if (!isHalf(i)) continue;
    const exempt = singleInputs[node.opType] ?? [];
    node.input = node.input.map((name, k) => {
      if (types.get(name) !== onnxType.float32 || exempt.includes(k)) return name;
      return made.has(name) ? halfName(name) : cast(name, 'float16', halfName(name));
    });
    node.name = halfName(node.name);
    node.output = node.output.map((name) => (made.has(name) ? halfName(name) : name));
    if (node.opType === 'Cast') node.attribute = [integer('to', onnxType.float16)];
  }
  const takenElsewhere = new Set(graph.output.map(({ name }) => name));
  for (const [i, { input, opType }] of graph.node.entries()) {
    const exempt = singleInputs[opType] ?? [];
    const names = isHalf(i) ? exempt.map((k) => input[k] ?? '') : input;
    for (const name of names) takenElsewhere.add(name);
  }
  for (const name of made) {
    if (takenElsewhere.has(name)) cast(halfName(name), 'float32', name);
  }
  graph.node.push(...casts.values());
}
