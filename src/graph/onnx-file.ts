import type * as Ort from 'onnxruntime-common';
import type { Device } from './device.ts';
import { GraphError } from './error.ts';
import { readOnnx } from './read-onnx.ts';
import { loadRuntime, openSession, resolveDevice } from './runtime.ts';

/** An ONNX function of one float32 tensor [batch, ...shape] to one of the same shape. */
export interface OnnxFile {
  /** Shape of one example, without the batch. */
  readonly shape: readonly number[];
  /** The only batch that the file takes; absent where it takes any. `run` takes any in both cases. */
  readonly batch: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly device: Exclude<Device, 'auto'>;
  /** Names of its further outputs, each one number for an example. */
  readonly scalars: readonly string[];
  /** Runs on `[batch, ...shape]`, into `out` of the same size; any batch, in parts that suit the device.
   * Further outputs go into the arrays of `scalars`, `[batch]`, that are given. */
  run(x: Float32Array, out: Float32Array, scalars?: Scalars): Promise<void>;
  release(): Promise<void>;
}

/** Arrays `[batch]` for outputs that are one number for an example, by name. */
export type Scalars = Readonly<Record<string, Float32Array>>;

/**
 * Opens a file for running. `source` names it in errors.
 * @throws GraphError if the bytes are no ONNX model of that form.
 */
export async function openOnnx(
  bytes: Uint8Array,
  source: string,
  options: { readonly device?: Device; readonly threads?: number } = {},
): Promise<OnnxFile> {
  const { input, output, scalars, metadata } = readOnnx(bytes, source);
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
  const call: Call = async (x, out, numbers) => {
    const fetches: Record<string, Ort.Tensor> = { [output.name]: wrap(out) };
    for (const [name, data] of Object.entries(numbers)) {
      fetches[name] = new Tensor('float32', data, [data.length]);
    }
    await session.run({ [input.name]: wrap(x) }, fetches).catch((cause: unknown) => {
      const count = x.length / size;
      throw new GraphError(
        `${source}: fails on ${count} examples of [${shape.join(', ')}] (${firstLine(cause)})`,
        { cause },
      );
    });
  };
  return {
    ...{ shape, batch, metadata, device, scalars },
    run: async (x, out, numbers = {}) => {
      if (x.length % size !== 0 || out.length !== x.length) {
        throw new GraphError(
          `${source}: takes a whole number of examples of [${shape.join(', ')}], not ${x.length} values into ${out.length}`,
        );
      }
      if (batch !== undefined) await runFilled(call, { x, out, numbers, size, part: batch });
      else {
        const part = partOf(device, x.length / size, size);
        await runInParts(call, { x, out, numbers, size, part });
      }
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

type Call = (x: Float32Array, out: Float32Array, numbers: Scalars) => Promise<void>;

interface Batch {
  readonly x: Float32Array;
  readonly out: Float32Array;
  readonly numbers: Scalars;
  /** Values of one example. */
  readonly size: number;
  /** Examples of one call. */
  readonly part: number;
}

const sliced = (numbers: Scalars, start: number, end: number): Scalars =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, all]) => [name, all.subarray(start, end)]),
  );

async function runInParts(call: Call, { x, out, numbers, size, part }: Batch) {
  for (let start = 0; start * size < x.length; start += part) {
    const end = start + part;
    const of = (all: Float32Array) => all.subarray(start * size, end * size);
    await call(of(x), of(out), sliced(numbers, start, end));
  }
}

/** Calls on exactly `part` examples at a time; the last part is filled up with zeros. */
async function runFilled(call: Call, { x, out, numbers, size, part }: Batch) {
  for (let start = 0; start * size < x.length; start += part) {
    const [from, to] = [new Float32Array(part * size), new Float32Array(part * size)];
    const given = x.subarray(start * size, (start + part) * size);
    from.set(given);
    const made = Object.fromEntries(
      Object.keys(numbers).map((name) => [name, new Float32Array(part)]),
    );
    await call(from, to, made);
    out.set(to.subarray(0, given.length), start * size);
    for (const [name, all] of Object.entries(sliced(numbers, start, start + part))) {
      all.set(made[name]!.subarray(0, all.length));
    }
  }
}

const firstLine = (cause: unknown) =>
  String(cause instanceof Error ? cause.message : cause).split('\n')[0]!;
