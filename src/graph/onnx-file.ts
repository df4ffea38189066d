import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type ValueInfoProto } from 'onnx-buf';
import type * as Ort from 'onnxruntime-common';
import { GraphError } from './error.ts';
import { type Device, loadRuntime, openSession, resolveDevice } from './runtime.ts';
import { onnxType } from './types.ts';

/** An ONNX function of one float32 tensor to one of the same shape, with a free first axis. */
export interface OnnxFile {
  /** Shape of one example, without the batch. */
  readonly shape: readonly number[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly device: Exclude<Device, 'auto'>;
  /** Runs on `[batch, ...shape]`, into `out` of the same size; any batch. */
  run(x: Float32Array, out: Float32Array): Promise<void>;
  release(): Promise<void>;
}

/**
 * Opens a file for running. `source` names it in errors.
 * @throws GraphError if the bytes are no ONNX model of that form.
 */
export async function openOnnx(
  bytes: Uint8Array,
  source: string,
  options: { readonly device?: Device; readonly threads?: number } = {},
): Promise<OnnxFile> {
  const { input, output, metadata } = readSignature(bytes, source);
  const device = await resolveDevice(options.device ?? 'auto');
  const { Tensor } = await loadRuntime();
  const session = await openSession(bytes, { ...options, device }).catch((cause: unknown) => {
    throw cause instanceof GraphError
      ? cause
      : new GraphError(`${source}: the runtime cannot open it (${String(cause).split('\n')[0]})`, {
          cause,
        });
  });
  const { shape } = input;
  const size = shape.reduce((product, n) => product * n, 1);
  const wrap = (data: Float32Array): Ort.Tensor =>
    new Tensor('float32', data, [data.length / size, ...shape]);
  return {
    shape,
    metadata,
    device,
    run: async (x, out) => {
      if (x.length % size !== 0 || out.length !== x.length) {
        throw new GraphError(
          `${source}: takes a whole number of examples of [${shape.join(', ')}], not ${x.length} values into ${out.length}`,
        );
      }
      await session.run({ [input.name]: wrap(x) }, { [output.name]: wrap(out) });
    },
    release: () => session.release(),
  };
}

function readSignature(bytes: Uint8Array, source: string) {
  const model = parse(bytes, source);
  if (!model.graph) {
    throw new GraphError(`${source}: not an ONNX file, or cut short; export the model again`);
  }
  const weights = new Set(model.graph.initializer.map(({ name }) => name));
  const inputs = model.graph.input.filter(({ name }) => !weights.has(name));
  const outputs = model.graph.output;
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new GraphError(
      `${source}: has ${inputs.length} inputs and ${outputs.length} outputs; a denoiser has one of each`,
    );
  }
  const [input, output] = [readValue(inputs[0]!, source), readValue(outputs[0]!, source)];
  if (input.shape.join() !== output.shape.join()) {
    throw new GraphError(
      `${source}: input [${input.shape.join(', ')}] and output [${output.shape.join(', ')}] differ; a denoiser keeps the shape`,
    );
  }
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  return { input, output, metadata };
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

function readValue({ name, type }: ValueInfoProto, source: string) {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
  if (tensor?.elemType !== onnxType.float32) {
    throw new GraphError(`${source}: "${name}" must be float32`);
  }
  const dims = tensor.shape?.dim ?? [];
  const shape = dims
    .slice(1)
    .map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : 0));
  if (shape.length === 0 || shape.some((size) => size < 1)) {
    throw new GraphError(
      `${source}: "${name}" must be [batch, ...] with fixed sizes after the batch`,
    );
  }
  return { name, shape };
}
