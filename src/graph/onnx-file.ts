import type * as Ort from 'onnxruntime-common';
import { firstLine } from '../text.ts';
import type { Device } from './device.ts';
import { GraphError } from './error.ts';
import { readOnnx } from './read-onnx.ts';
import { loadRuntime, openSession, resolveDevice } from './runtime.ts';
import { sizeOf } from './tensor.ts';

/** An ONNX function of one float32 tensor [batch, ...shape] to one of the same shape. */
export interface OnnxFile {
  /** Shape of one example, without the batch. */
  readonly shape: readonly number[];
  /**
   * The only batch that the file takes; absent where it takes any. `run` takes any in both cases.
   */
  readonly batch: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly device: Exclude<Device, 'auto'>;
  /** Names of its further outputs, each one number for an example. */
  readonly scalars: readonly string[];
  /** Further inputs by name, and their shape for one example. */
  readonly further: Readonly<Record<string, readonly number[]>>;
  /**
   * Runs on `[batch, ...shape]`, into `out` of the same size; any batch, in parts that suit the
   * device. Further outputs go into the arrays of `scalars`, `[batch]`, that are given; `told` are
   * the further inputs, `[batch, ...]`.
   */
  run(x: Float32Array, out: Float32Array, scalars?: Scalars, told?: Scalars): Promise<void>;
  release(): Promise<void>;
}

/** Arrays `[batch, ...]` for further outputs or inputs, by name. */
export type Scalars = Readonly<Record<string, Float32Array>>;

export interface OpenOnnxOptions {
  readonly device?: Device;
  readonly threads?: number;
  /**
   * Where the model is on this machine, if it has more weights beside it than bytes can hold: the
   * runtime reads it from there. In Node alone.
   */
  readonly path?: string | undefined;
}

/**
 * Opens a file for running. `source` names it in errors.
 * @throws GraphError if the bytes are no ONNX model of that form.
 */
export async function openOnnx(
  bytes: Uint8Array,
  source: string,
  { path, ...options }: OpenOnnxOptions = {},
): Promise<OnnxFile> {
  const read = readOnnx(bytes, source, { outside: path !== undefined });
  const { input, output, scalars, metadata, ...description } = read;
  const further = Object.fromEntries(description.further.map((one) => [one.name, one.shape]));
  const device = await resolveDevice(options.device ?? 'auto');
  const session = await openSession(path ?? bytes, { ...options, device }).catch(
    (cause: unknown) => {
      throw cause instanceof GraphError
        ? cause
        : new GraphError(`${source}: the runtime cannot open it (${firstLine(cause)})`, {
            code: 'unreadable',
            facts: { source },
            cause,
          });
    },
  );
  const { shape, batch } = input;
  const size = sizeOf(shape);
  const { Tensor } = await loadRuntime();
  const wrap = (data: Float32Array): Ort.Tensor =>
    new Tensor('float32', data, [data.length / size, ...shape]);
  const call: Call = async (x, out, numbers, told) => {
    const feeds: Record<string, Ort.Tensor> = { [input.name]: wrap(x) };
    for (const [name, data] of Object.entries(told)) {
      feeds[name] = new Tensor('float32', data, [x.length / size, ...further[name]!]);
    }
    const fetches: Record<string, Ort.Tensor> = { [output.name]: wrap(out) };
    for (const [name, data] of Object.entries(numbers)) {
      fetches[name] = new Tensor('float32', data, [data.length]);
    }
    await session.run(feeds, fetches).catch((cause: unknown) => {
      const count = x.length / size;
      throw new GraphError(
        `${source}: fails on ${count} examples of [${shape.join(', ')}] (${firstLine(cause)})`,
        { code: 'device', facts: { source, shape, count }, cause },
      );
    });
  };
  return {
    shape,
    batch,
    metadata,
    device,
    scalars,
    further,
    run: async (x, out, numbers = {}, told = {}) => {
      if (x.length % size !== 0 || out.length !== x.length) {
        throw new GraphError(
          `${source}: takes a whole number of examples of [${shape.join(', ')}], not ${x.length} values into ${out.length}`,
          { code: 'shape', facts: { source, shape, values: [x.length, out.length] } },
        );
      }
      if (batch !== undefined) await runFilled(call, { x, out, numbers, told, size, part: batch });
      else {
        const part = partOf(device, x.length / size, size);
        await runInParts(call, { x, out, numbers, told, size, part });
      }
    },
    release: () => session.release(),
  };
}

/**
 * Values of the examples that the CPU takes at once: their images inside the network stay in cache.
 */
const CPU_VALUES = 32_768;

/** Examples of one call: on the CPU equal parts, on a GPU all at once. */
function partOf(device: OnnxFile['device'], examples: number, size: number): number {
  if (device !== 'cpu' || examples === 0) return examples;
  const most = Math.max(1, Math.floor(CPU_VALUES / size));
  return Math.ceil(examples / Math.ceil(examples / most));
}

type Call = (x: Float32Array, out: Float32Array, numbers: Scalars, told: Scalars) => Promise<void>;

interface Batch {
  readonly x: Float32Array;
  readonly out: Float32Array;
  readonly numbers: Scalars;
  readonly told: Scalars;
  /** Values of one example. */
  readonly size: number;
  /** Examples of one call. */
  readonly part: number;
}

/** Examples `start` to `end` of arrays for `examples`. */
const sliced = (arrays: Scalars, examples: number, start: number, end: number): Scalars =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, all]) => {
      const width = all.length / examples;
      return [name, all.subarray(start * width, end * width)];
    }),
  );

async function runInParts(call: Call, { x, out, numbers, told, size, part }: Batch) {
  const examples = x.length / size;
  for (let start = 0; start * size < x.length; start += part) {
    const end = start + part;
    const of = (all: Float32Array) => all.subarray(start * size, end * size);
    const own = (arrays: Scalars) => sliced(arrays, examples, start, end);
    await call(of(x), of(out), own(numbers), own(told));
  }
}

/** Calls on exactly `part` examples at a time; the last part is filled up with zeros. */
async function runFilled(call: Call, { x, out, numbers, told, size, part }: Batch) {
  const examples = x.length / size;
  for (let start = 0; start * size < x.length; start += part) {
    const [from, to] = [new Float32Array(part * size), new Float32Array(part * size)];
    const given = x.subarray(start * size, (start + part) * size);
    from.set(given);
    const made = Object.fromEntries(
      Object.keys(numbers).map((name) => [name, new Float32Array(part)]),
    );
    await call(from, to, made, filled(told, examples, start, part));
    out.set(to.subarray(0, given.length), start * size);
    for (const [name, all] of Object.entries(sliced(numbers, examples, start, start + part))) {
      all.set(made[name]!.subarray(0, all.length));
    }
  }
}

/** The inputs of `part` examples from `start` on, those behind the end filled with zeros. */
function filled(told: Scalars, examples: number, start: number, part: number): Scalars {
  const given = Object.entries(sliced(told, examples, start, start + part));
  return Object.fromEntries(
    given.map(([name, own]) => {
      const whole = new Float32Array((told[name]!.length / examples) * part);
      whole.set(own);
      return [name, whole];
    }),
  );
}
