import { fromBinary } from '@bufbuild/protobuf';
import {
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  type ValueInfoProto,
} from 'onnx-buf';
import type { ErrorFacts } from '../errors.ts';
import { fromHalf } from '../half.ts';
import { quoted } from '../quoted.ts';
import { GraphError } from './error.ts';
import { isOutside, tensorsIn } from './onnx-tensors.ts';
import { sizeOf } from './tensor.ts';
import { elementBytes, onnxType } from './types.ts';

/** What a file says, without opening it. */
export interface OnnxDescription {
  readonly input: OnnxSignature;
  readonly output: OnnxSignature;
  /** Inputs beside that of examples. */
  readonly further: readonly OnnxSignature[];
  /** Names of further outputs, each one number for an example. */
  readonly scalars: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Its constants of single or half precision by name, as single precision. */
  constants(): Record<string, StoredArray>;
}

export interface OnnxSignature {
  readonly name: string;
  /** Shape of one example; 0 for a size that the file leaves open. */
  readonly shape: readonly number[];
  /** The only batch it takes; absent where it takes any. */
  readonly batch: number | undefined;
}

export interface StoredArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Reads an ONNX function of one float32 tensor to one of the same shape. `source` names it in
 * errors.
 * @param options.outside constants may be in other files, whose places were checked.
 * @throws GraphError if the bytes are no ONNX model of that form.
 */
export function readOnnx(
  bytes: Uint8Array,
  source: string,
  { outside = false }: { readonly outside?: boolean } = {},
): OnnxDescription {
  const model = parse(bytes, source);
  if (!model.graph) {
    throw fault(source, 'not an ONNX file, or cut short; export the model again');
  }
  const weights = new Set(model.graph.initializer.map(({ name }) => name));
  const inputs = model.graph.input.filter(({ name }) => !weights.has(name));
  const taken = inputs.map((value) => readValue(value, source));
  const all = model.graph.output.map((value) => readValue(value, source));
  const scalars = all.length > 1 ? all.filter(isScalar) : [];
  const outputs = all.filter((value) => !scalars.includes(value));
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  // What further inputs mean is said by the metadata of a file of our own.
  const mayTell = metadata.mdensity !== undefined;
  if (inputs.length === 0 || (inputs.length > 1 && !mayTell) || outputs.length !== 1) {
    throw new GraphError(
      `${source}: has ${inputs.length} inputs and ${all.length} outputs; a denoiser has one of each`,
      { code: 'unsupported', facts: { source, inputs: inputs.length, outputs: all.length } },
    );
  }
  const [input, ...further] = taken as [Value, ...Value[]];
  const output = outputs[0]!;
  if (input.shape.length === 0 || input.shape.includes(FREE)) {
    throw new GraphError(
      `${source}: ${quoted(input.name)} must be [batch, ...] with fixed sizes after the batch; export it so`,
      { code: 'unsupported', facts: { source, input: input.name } },
    );
  }
  if (!mayBe(output, input)) {
    throw new GraphError(
      `${source}: input [${input.shape.join(', ')}] and output [${output.shape.join(', ')}] differ; a denoiser keeps the shape`,
      { code: 'shape', facts: { source, input: input.shape, output: output.shape } },
    );
  }
  checkTensors(model, source, outside);
  const { initializer } = model.graph;
  const names = scalars.map(({ name }) => name);
  return {
    input,
    output,
    further,
    scalars: names,
    metadata,
    constants: () => readConstants(initializer),
  };
}

/** Values of an example, and of what a node may make of constants: 1 GiB of single precision. */
const LARGEST = 2 ** 28;

/** Nodes that make large tensors of small constants, which say the shape, or how often. */
const growing: ReadonlySet<string> = new Set(['ConstantOfShape', 'Expand', 'Tile']);

/**
 * Refuses constants in other files, those whose bytes are not those of their shape, and nodes that
 * make more than `LARGEST` values of constants alone.
 */
function checkTensors(model: ModelProto, source: string, mayBeOutside: boolean): void {
  const tensors = tensorsIn(model);
  const outside = tensors.find(isOutside);
  if (outside && !mayBeOutside) {
    throw fault(source, 'keeps its weights in another file; export it with all in one file', {
      tensor: outside.name,
    });
  }
  for (const { name, dims, dataType, rawData } of tensors) {
    const count = dims.reduce((product, n) => product * Number(n), 1);
    const element = elementBytes(dataType);
    const isFit = element === undefined || count * element === rawData.length;
    if (dims.some((n) => n < 0n) || (rawData.length > 0 && !isFit)) {
      const problem = `${quoted(name)} [${dims.join(', ')}] does not fit its ${rawData.length} bytes`;
      throw fault(source, `${problem}; export the model again`, { tensor: name });
    }
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const { opType, name, input } of model.graph?.node ?? []) {
    if (!growing.has(opType)) continue;
    const size = input
      .map((value) => byName.get(value))
      .reduce((most, tensor) => {
        return Math.max(most, tensor ? productOf(tensor) : 1);
      }, 1);
    if (size <= LARGEST) continue;
    throw fault(
      source,
      `node ${quoted(name)} (${opType}) makes ${size} values; give a smaller model`,
      {
        node: name,
        values: size,
      },
    );
  }
}

/** The product of a constant of int64, as a shape; 1 for others. */
function productOf({ dataType, rawData, int64Data }: TensorProto): number {
  if (dataType !== onnxType.int64) return 1;
  const raw = new BigInt64Array(Uint8Array.from(rawData).buffer);
  return [...raw, ...int64Data].reduce((product, n) => product * Math.max(1, Number(n)), 1);
}

function fault(source: string, problem: string, facts: ErrorFacts = {}): GraphError {
  return new GraphError(`${source}: ${problem}`, {
    code: 'unreadable',
    facts: { path: source, ...facts },
  });
}

function readConstants(initializers: readonly TensorProto[]): Record<string, StoredArray> {
  const arrays = initializers.flatMap((tensor): [string, StoredArray][] => {
    const data = floatsOf(tensor);
    return data === undefined ? [] : [[tensor.name, { shape: tensor.dims.map(Number), data }]];
  });
  return Object.fromEntries(arrays);
}

/** Numbers of single or half precision, in either of the two ways that files have them. */
function floatsOf({ dataType, rawData, floatData, int32Data }: TensorProto) {
  // A copy: the bytes may stand at an odd place of the file's.
  const { buffer } = Uint8Array.from(rawData);
  const isRaw = rawData.length > 0;
  if (dataType === onnxType.float32) {
    return isRaw ? new Float32Array(buffer) : Float32Array.from(floatData);
  }
  if (dataType !== onnxType.float16) return undefined;
  return fromHalf(isRaw ? new Uint16Array(buffer) : Uint16Array.from(int32Data));
}

function parse(bytes: Uint8Array, source: string) {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new GraphError(`${source}: not an ONNX file, or cut short; export the model again`, {
      code: 'unreadable',
      facts: { path: source },
      cause,
    });
  }
}

/** A size that the file leaves open. */
const FREE = 0;

function readValue({ name, type }: ValueInfoProto, source: string) {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  if (tensor?.elemType !== onnxType.float32) {
    const found = TensorProto_DataType[tensor?.elemType ?? 0]?.toLowerCase() ?? 'no tensor';
    throw new GraphError(`${source}: ${quoted(name)} must be float32, not ${found}; export it so`, {
      code: 'unsupported',
      facts: { path: source, tensor: name, type: found },
    });
  }
  const sizes = tensor.shape?.dim.map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : FREE,
  );
  if (sizes?.some((size) => size < 0) || (sizes && sizeOf(sizes.slice(1)) > LARGEST)) {
    throw fault(source, `${quoted(name)} has sizes [${sizes?.join(', ')}], which make no sense`);
  }
  const [batch = FREE, ...shape] = sizes ?? [];
  return { name, shape, isKnown: sizes !== undefined, batch: batch === FREE ? undefined : batch };
}

type Value = ReturnType<typeof readValue>;

/** Whether an output is one number for each example of a batch. */
const isScalar = ({ isKnown, shape }: Value) => isKnown && shape.length === 0;

/** Whether an output, whose sizes may be open, can have the input's shape. */
function mayBe(output: Value, input: Value): boolean {
  if (!output.isKnown) return true;
  return (
    output.shape.length === input.shape.length &&
    output.shape.every((size, i) => size === FREE || size === input.shape[i])
  );
}
