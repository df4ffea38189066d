import { fromBinary } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type ValueInfoProto,
} from 'onnx-buf';
import { fromHalf } from '../half.ts';
import { GraphError } from './error.ts';
import { onnxType } from './types.ts';

/** What a file says, without opening it. */
export interface OnnxDescription {
  readonly input: OnnxSignature;
  readonly output: OnnxSignature;
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
 * Reads an ONNX function of one float32 tensor to one of the same shape. `source` names it in errors.
 * @throws GraphError if the bytes are no ONNX model of that form.
 */
export function readOnnx(bytes: Uint8Array, source: string): OnnxDescription {
  const model = parse(bytes, source);
  if (!model.graph) {
    throw new GraphError(`${source}: not an ONNX file, or cut short; export the model again`);
  }
  const weights = new Set(model.graph.initializer.map(({ name }) => name));
  const inputs = model.graph.input.filter(({ name }) => !weights.has(name));
  const taken = inputs.map((value) => readValue(value, source));
  const all = model.graph.output.map((value) => readValue(value, source));
  const scalars = all.length > 1 ? all.filter(isScalar) : [];
  const outputs = all.filter((value) => !scalars.includes(value));
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new GraphError(
      `${source}: has ${inputs.length} inputs and ${all.length} outputs; a denoiser has one of each`,
    );
  }
  const [input, output] = [taken[0]!, outputs[0]!];
  if (input.shape.length === 0 || input.shape.includes(FREE)) {
    throw new GraphError(
      `${source}: "${input.name}" must be [batch, ...] with fixed sizes after the batch; export it so`,
    );
  }
  if (!mayBe(output, input)) {
    throw new GraphError(
      `${source}: input [${input.shape.join(', ')}] and output [${output.shape.join(', ')}] differ; a denoiser keeps the shape`,
    );
  }
  const outside = model.graph.initializer.find(
    ({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL,
  );
  if (outside) {
    throw new GraphError(
      `${source}: keeps its weights in another file; export it with all in one file`,
    );
  }
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  const { initializer } = model.graph;
  const names = scalars.map(({ name }) => name);
  return { input, output, scalars: names, metadata, constants: () => readConstants(initializer) };
}

function readConstants(initializers: readonly TensorProto[]): Record<string, StoredArray> {
  const arrays: Record<string, StoredArray> = {};
  for (const { name, dims, dataType, rawData } of initializers) {
    // A copy: the bytes may stand at an odd place of the file's.
    const { buffer } = Uint8Array.from(rawData);
    const shape = dims.map(Number);
    if (dataType === onnxType.float32) arrays[name] = { shape, data: new Float32Array(buffer) };
    if (dataType === onnxType.float16) {
      arrays[name] = { shape, data: fromHalf(new Uint16Array(buffer)) };
    }
  }
  return arrays;
}

function parse(bytes: Uint8Array, source: string) {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new GraphError(`${source}: not an ONNX file, or cut short; export the model again`, {
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
    throw new GraphError(`${source}: "${name}" must be float32, not ${found}; export it so`);
  }
  const sizes = tensor.shape?.dim.map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : FREE,
  );
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
