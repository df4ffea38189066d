import type * as Ort from 'onnxruntime-common';
import { createEmitter, type Emission } from './emitter.ts';
import { GraphError } from './error.ts';
import { feeder, type HostArray, hostTensor } from './host.ts';
import { lowerGraph, type Tensors } from './lower.ts';
import { encodeModel } from './onnx.ts';
import {
  type Device,
  loadRuntime,
  openSession,
  probeChannelBlock,
  resolveDevice,
} from './runtime.ts';
import { createState, type ProgramState, primed, type StateTensors } from './state.ts';

export interface CompileOptions<I extends Tensors, O extends Tensors> {
  /** Tensors made by `input`, fed at every call under these names. */
  readonly inputs: I;
  readonly outputs: O;
  /** Values that stay in place from call to call, such as parameters. */
  readonly state?: StateTensors;
  /** Default `auto`. */
  readonly device?: Device;
  /** Threads of one call on the CPU; default: every core. */
  readonly threads?: number;
  /** Writes the runtime's profile by node to a JSON file that starts with this path. */
  readonly profile?: string;
}

type Arrays<T> = { readonly [name in keyof T]: HostArray };

/** A compiled graph. */
export interface Program<I extends Tensors, O extends Tensors> {
  /**
   * Runs once. Inputs are row-major typed arrays of each tensor's type and size. The arrays of
   * the result belong to the program: the next call overwrites them. One call at a time.
   */
  (inputs: Arrays<I>): Promise<Arrays<O>>;
  readonly device: Exclude<Device, 'auto'>;
  readonly state: ProgramState;
  /** Frees the runtime's memory. */
  release(): Promise<void>;
}

/**
 * Turns a graph into a function on typed arrays. State `s` enters the ONNX graph as `s` and
 * leaves it as `s'`.
 * @throws GraphError for an input that is used but not listed, or a device that cannot be had.
 */
export async function compile<I extends Tensors, O extends Tensors>(
  options: CompileOptions<I, O>,
): Promise<Program<I, O>> {
  const { inputs, outputs, state: stateTensors = {}, threads, profile } = options;
  const device = await resolveDevice(options.device ?? 'auto');
  const onCpu = device === 'cpu';
  const emitter = createEmitter(device, onCpu ? await probeChannelBlock() : 0);
  const runtime = await loadRuntime();
  const state = createState(runtime, stateTensors, !onCpu);
  const session = await openSession(encodeProgram(inputs, outputs, stateTensors, emitter), {
    device,
    ...(threads !== undefined && { threads }),
    ...(profile !== undefined && { profile }),
    keepOnDevice: device === 'webgpu' ? Object.keys(stateTensors).map(primed) : [],
  });
  const feeds = Object.entries(inputs).map(([name, tensor]) => ({
    name,
    feed: feeder(runtime, name, tensor),
  }));
  // Outputs allocated by the runtime cost several times the work of a small op.
  const results = mapValues(outputs, (tensor, name) => hostTensor(runtime, name, tensor));
  const arrays = mapValues(results, (tensor) => tensor.data as HostArray);
  const unplaced = mapValues(outputs, () => null);
  const names = Object.keys(outputs);

  let running = false;
  const run = async (values: Arrays<I>): Promise<Arrays<O>> => {
    if (running) {
      throw new GraphError('a compiled graph runs one call at a time; await the one before');
    }
    const fed: Record<string, Ort.Tensor> = { ...state.current() };
    for (const { name, feed } of feeds) fed[name] = feed(values[name]);
    running = true;
    try {
      const made = await session.run(fed, { ...(onCpu ? results : unplaced), ...state.next() });
      state.advance(made);
      // Only the CPU writes into the arrays it is given.
      if (!onCpu) for (const name of names) arrays[name]!.set(made[name]!.data as never);
    } finally {
      running = false;
    }
    return arrays as Arrays<O>;
  };
  return Object.assign(run, {
    device,
    state: state.access,
    release: async () => {
      if (profile !== undefined) session.endProfiling();
      await session.release();
    },
  });
}

function encodeProgram(
  inputs: Tensors,
  outputs: Tensors,
  state: StateTensors,
  emitter: Emission,
): Uint8Array {
  const twice = Object.keys(state).find((name) => Object.hasOwn(inputs, name));
  if (twice !== undefined) {
    throw new GraphError(`compile: "${twice}" is both an input and a state; rename one`);
  }
  const fed = { ...inputs, ...mapValues(state, ({ value }) => value) };
  const made: Record<string, Tensors[string]> = { ...outputs };
  for (const [name, { next }] of Object.entries(state)) made[primed(name)] = next;
  return encodeModel(lowerGraph(fed, made, emitter));
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  map: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, map(value, name)]),
  );
}
