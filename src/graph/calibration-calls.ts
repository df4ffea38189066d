/** Calls of a model that it is calibrated on, and variants of its file run on them. */
import type * as Ort from 'onnxruntime-common';
import type { Scalars } from './onnx-file.ts';
import type { OnnxDescription } from './read-onnx.ts';
import { loadRuntime, openSession } from './runtime.ts';

/** Inputs of one call: `[batch, ...shape]`, and what else the model is told. */
export interface CalibrationCall {
  readonly x: Float32Array;
  readonly told?: Scalars;
}

/** Runs variants of a model on the calls. */
export function callsOf(
  description: OnnxDescription,
  calls: readonly CalibrationCall[],
  threads: number | undefined,
) {
  const { input, output, further } = description;
  const size = input.shape.reduce((product, length) => product * length, 1);
  async function opened<T>(bytes: Uint8Array, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await openSession(bytes, {
      device: 'cpu',
      ...(threads !== undefined && { threads }),
    });
    try {
      return await work(session);
    } finally {
      await session.release();
    }
  }
  async function run(
    session: Session,
    fetches: readonly string[],
    see: (results: Ort.InferenceSession.OnnxValueMapType) => void,
    more: Readonly<Record<string, Ort.Tensor>> = {},
  ): Promise<void> {
    const { Tensor } = await loadRuntime();
    for (const { x, told = {} } of calls) {
      const count = x.length / size;
      const feeds: Record<string, Ort.Tensor> = {
        ...more,
        [input.name]: new Tensor('float32', x, [count, ...input.shape]),
      };
      for (const { name, shape } of further) {
        feeds[name] = new Tensor('float32', told[name]!, [count, ...shape]);
      }
      see(await session.run(feeds, [...fetches]));
    }
  }
  const each = (
    ...[bytes, fetches, see]: [Uint8Array, readonly string[], Parameters<typeof run>[2]]
  ) => opened(bytes, (session) => run(session, fetches, see));
  async function outputsOf(session: Session, more?: Readonly<Record<string, Ort.Tensor>>) {
    const found: Float32Array[] = [];
    const see: Parameters<typeof run>[2] = (results) => {
      found.push((results[output.name]!.data as Float32Array).slice());
    };
    await run(session, [output.name], see, more);
    return found;
  }
  return {
    calls,
    /** Results of each call. */
    each,
    /** Outputs of each call. */
    outputs: (bytes: Uint8Array) => opened(bytes, (session) => outputsOf(session)),
    /** Outputs of each call in each state of an input that a variant adds. */
    switched: (bytes: Uint8Array, name: string, states: readonly Float32Array[]) =>
      opened(bytes, async (session) => {
        const { Tensor } = await loadRuntime();
        const found: Float32Array[][] = [];
        for (const state of states) {
          found.push(await outputsOf(session, { [name]: new Tensor('float32', state) }));
        }
        return found;
      }),
    /** Numbers that a measuring variant gives at each call. */
    numbers: (
      bytes: Uint8Array,
      names: readonly string[],
      see: (name: string, value: number) => void,
    ) =>
      each(bytes, names, (results) => {
        for (const name of names) see(name, Number(results[name]!.data[0]));
      }),
    /** Some of the calls, from the first to the last, and some examples of each. */
    few: (most: number, examples: number) =>
      callsOf(description, fewOf(calls, most, examples, size), threads),
  };
}

type Session = Ort.InferenceSession;

function fewOf(calls: readonly CalibrationCall[], most: number, examples: number, size: number) {
  const every = Math.max(1, (calls.length - 1) / (most - 1));
  const places = new Set(calls.map((_, k) => Math.min(calls.length - 1, Math.round(k * every))));
  return [...places].map((place): CalibrationCall => {
    const { x, told = {} } = calls[place]!;
    const count = x.length / size;
    const rows = Math.min(count, examples);
    const cut = (values: Float32Array) => values.slice(0, (values.length / count) * rows);
    const some = Object.entries(told).map(([name, values]) => [name, cut(values)]);
    return { x: cut(x), told: Object.fromEntries(some) };
  });
}

export type Runs = ReturnType<typeof callsOf>;
