import type { Device, Runtime } from './device.ts';
import { createEmitter, type Emission } from './emitter.ts';
import { GraphError } from './error.ts';
import { feeder, type HostArray, hostTensor } from './host.ts';
import { lowerGraph, type Tensors } from './lower.ts';
import { encodeModel, type OnnxGraph } from './onnx.ts';
import { handsOutState, REPEATS, repeatGraph } from './repeat.ts';
import { countRuns, runInTurn, stack } from './runs.ts';
import { loadRuntime, openSession, probeChannelBlock, resolveDevice } from './runtime.ts';
import { createState, type ProgramState, primed, type StateTensors } from './state.ts';
import { input, type Tensor } from './tensor.ts';

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
  /**
   * Run several times in one call: every input and output gets a leading axis, one entry for each
   * run (any number of them), and state goes from run to run. On the CPU it saves what it costs to
   * hand state in and out, several copies of it.
   */
  readonly repeat?: boolean;
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
  const { inputs, outputs, state: stateTensors = {}, threads, profile, repeat = false } = options;
  const device = await resolveDevice(options.device ?? 'auto');
  const onCpu = device === 'cpu';
  const emitter = createEmitter(device, onCpu ? await probeChannelBlock() : 0);
  const runtime = await loadRuntime();
  const loops = repeat && onCpu;
  const graph = lowerProgram(inputs, outputs, stateTensors, emitter);
  // A loop hands its state out at its end.
  const inPlace = loops && !handsOutState(graph, Object.keys(stateTensors));
  const place = inPlace ? 'inPlace' : onCpu ? 'alternate' : 'onDevice';
  const state = createState(runtime, stateTensors, place);
  const model = loops ? repeatGraph(graph, partsOf(inputs, stateTensors)) : graph;
  const session = await openSession(encodeModel(model), {
    device,
    ...(threads !== undefined && { threads }),
    ...(profile !== undefined && { profile }),
    keepOnDevice: device === 'webgpu' ? Object.keys(stateTensors).map(primed) : [],
    memoryPattern: !loops,
  });
  const host = createHost(runtime, inputs, outputs);
  const names = Object.keys(outputs);
  const unplaced = mapValues(outputs, () => null);

  const runOnce = async (values: Arrays<Tensors>, runs: number | undefined) => {
    const { feeds, results } = host(values, runs);
    const fed = { ...state.current(), ...feeds };
    const made = await session.run(fed, { ...(onCpu ? results : unplaced), ...state.next() });
    state.advance(made);
    const arrays = mapValues(results, (tensor) => tensor.data as HostArray);
    // Only the CPU writes into the arrays it is given.
    if (!onCpu) for (const name of names) arrays[name]!.set(made[name]!.data as never);
    return arrays;
  };
  const runAll = async (values: Arrays<Tensors>): Promise<Arrays<Tensors>> => {
    if (!repeat) return runOnce(values, undefined);
    const runs = countRuns(inputs, values);
    if (loops) return runOnce(values, runs);
    const all = mapValues(outputs, (tensor) => hostTensor(runtime, '', stack(tensor, runs)));
    const arrays = mapValues(all, (tensor) => tensor.data as HostArray);
    await runInTurn((own) => runOnce(own, undefined), values, arrays, runs);
    return arrays;
  };
  return Object.assign(oneAtATime(runAll) as (values: Arrays<I>) => Promise<Arrays<O>>, {
    device,
    state: state.access,
    release: async () => {
      if (profile !== undefined) session.endProfiling();
      await session.release();
    },
  });
}

/** Refuses a call while another runs. */
function oneAtATime<A, R>(call: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let running = false;
  return async (argument) => {
    if (running) {
      throw new GraphError('a compiled graph runs one call at a time; await the one before', {
        code: 'busy',
      });
    }
    running = true;
    try {
      return await call(argument);
    } finally {
      running = false;
    }
  };
}

const partsOf = (inputs: Tensors, state: StateTensors) => ({
  inputs: Object.keys(inputs),
  state: new Map(Object.keys(state).map((name) => [name, primed(name)])),
});

/**
 * Runtime tensors over the caller's arrays and over those of the results, made once for each size.
 */
function createHost(runtime: Runtime, inputs: Tensors, outputs: Tensors) {
  const repeats = input(REPEATS, [], 'int64');
  const make = (runs: number | undefined) => {
    const sized = (tensor: Tensor) => (runs === undefined ? tensor : stack(tensor, runs));
    const feeders = mapValues(inputs, (tensor, name) => feeder(runtime, name, sized(tensor)));
    // Outputs allocated by the runtime cost several times the work of a small op.
    const results = mapValues(outputs, (tensor, name) => hostTensor(runtime, name, sized(tensor)));
    const count = runs !== undefined && {
      [REPEATS]: hostTensor(runtime, REPEATS, repeats, BigInt64Array.of(BigInt(runs))),
    };
    return { feeders, results, count };
  };
  const known = new Map<number | undefined, ReturnType<typeof make>>();
  return (values: Arrays<Tensors>, runs: number | undefined) => {
    const { feeders, results, count } = known.get(runs) ?? make(runs);
    if (!known.has(runs)) known.set(runs, { feeders, results, count });
    return {
      feeds: { ...mapValues(feeders, (feed, name) => feed(values[name])), ...count },
      results,
    };
  };
}

function lowerProgram(
  inputs: Tensors,
  outputs: Tensors,
  state: StateTensors,
  emitter: Emission,
): OnnxGraph {
  const twice = Object.keys(state).find((name) => Object.hasOwn(inputs, name));
  if (twice !== undefined) {
    throw new GraphError(`compile: "${twice}" is both an input and a state; rename one`, {
      facts: { name: twice },
    });
  }
  const fed = { ...inputs, ...mapValues(state, ({ value }) => value) };
  const made: Record<string, Tensors[string]> = { ...outputs };
  for (const [name, { next }] of Object.entries(state)) made[primed(name)] = next;
  return lowerGraph(fed, made, emitter);
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  map: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, map(value, name)]),
  );
}
