import type * as Ort from 'onnxruntime-common';
import { GraphError } from './error.ts';
import { readOnnx } from './read-onnx.ts';
import { type Device, loadRuntime, openSession, resolveDevice } from './runtime.ts';

/** An ONNX function of one float32 tensor [batch, ...shape] to one of the same shape. */
export interface OnnxFile {
  /** Shape of one example, without the batch. */
  readonly shape: readonly number[];
  /** The only batch that the file takes; absent where it takes any. `run` takes any in both cases. */
  readonly batch: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly device: Exclude<Device, 'auto'>;
  /** Runs on `[batch, ...shape]`, into `out` of the same size; any batch, in parts that suit the device. */
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
  const { input, output, metadata } = readOnnx(bytes, source);
  const device = await resolveDevice(options.device ?? 'auto');
  const session = await openSession(bytes, { ...options, device }).catch((cause: unknown) => {
    throw cause instanceof GraphError
      ? cause
      : new GraphError(`${source}: the runtime cannot open it (${firstLine(cause)})`, { cause });
  });
  const { shape, batch } = input;
  const size = shape.reduce((product, n) => product * n, 1);
  const { Tensor } = await loadRuntime();
  const wrap = (data: Float32Array): Ort.Tensor =>
    new Tensor('float32', data, [data.length / size, ...shape]);
  const call = async (x: Float32Array, out: Float32Array) => {
    await session
      .run({ [input.name]: wrap(x) }, { [output.name]: wrap(out) })
      .catch((cause: unknown) => {
        const count = x.length / size;
        throw new GraphError(
          `${source}: fails on ${count} examples of [${shape.join(', ')}] (${firstLine(cause)})`,
          { cause },
        );
      });
  };
  return {
    ...{ shape, batch, metadata, device },
    run: async (x, out) => {
      if (x.length % size !== 0 || out.length !== x.length) {
        throw new GraphError(
          `${source}: takes a whole number of examples of [${shape.join(', ')}], not ${x.length} values into ${out.length}`,
        );
      }
      if (batch !== undefined) await runFilled(call, x, out, batch * size);
      else await runInParts(call, x, out, partOf(device, x.length / size, size) * size);
    },
    release: () => session.release(),
  };
}

/** Values of the examples that the CPU takes at once: their images inside the network stay in cache. */
const CPU_VALUES = 32_768;

/** Examples of one call: on the CPU equal parts, on a GPU all at once. */
function partOf(device: OnnxFile['device'], examples: number, size: number): number {
  if (device !== 'cpu' || examples === 0) return examples;
  const most = Math.max(1, Math.floor(CPU_VALUES / size));
  return Math.ceil(examples / Math.ceil(examples / most));
}

type Call = (x: Float32Array, out: Float32Array) => Promise<void>;

async function runInParts(call: Call, x: Float32Array, out: Float32Array, part: number) {
  for (let start = 0; start < x.length; start += part) {
    await call(x.subarray(start, start + part), out.subarray(start, start + part));
  }
}

/** Calls on exactly `part` values at a time; the last part is filled up with zeros. */
async function runFilled(call: Call, x: Float32Array, out: Float32Array, part: number) {
  for (let start = 0; start < x.length; start += part) {
    const [from, to] = [new Float32Array(part), new Float32Array(part)];
    const given = x.subarray(start, start + part);
    from.set(given);
    await call(from, to);
    out.set(to.subarray(0, given.length), start);
  }
}

const firstLine = (cause: unknown) =>
  String(cause instanceof Error ? cause.message : cause).split('\n')[0]!;
