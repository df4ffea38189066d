import type * as Ort from 'onnxruntime-common';
import type { Runtime } from './device.ts';
import { GraphError } from './error.ts';
import { type HostArray, hostTensor } from './host.ts';
import { identityModel, openSession } from './runtime.ts';
import { sizeOf, type Tensor } from './tensor.ts';

/** A value kept between calls: the graph reads `value` and leaves `next` for the next call. */
export interface StateTensor {
  /** Made by `input`. */
  readonly value: Tensor;
  /** Same shape and type as `value`. */
  readonly next: Tensor;
  /** Contents before the first call; default zeros. */
  readonly initial?: HostArray;
}

/** How the host looks into a program's state. */
export interface ProgramState {
  /** A copy of the values. */
  read(name: string): Promise<HostArray>;
  /** Replaces the values. */
  write(name: string, data: HostArray): void;
}

export interface StateStore {
  readonly access: ProgramState;
  /** What the next run reads. */
  current(): Record<string, Ort.Tensor>;
  /** Where the next run writes, by primed name; on a device the runtime finds the place (null). */
  next(): Record<string, Ort.Tensor | null>;
  /** Makes what a run wrote the current values. */
  advance(results: Readonly<Record<string, Ort.Tensor>>): void;
}

export type StateTensors = Readonly<Record<string, StateTensor>>;

/** Makes the name under which the next value of a state leaves the graph. */
export const primed = (name: string) => `${name}'`;

/**
 * Where a run leaves state: `alternate`, two buffers take turns, so that a run never writes what it
 * reads; `inPlace`, one buffer, for graphs that write their results when all else is done;
 * `onDevice`, the outputs of one run are the inputs of the next.
 */
export type StatePlace = 'alternate' | 'inPlace' | 'onDevice';

/** Holds state between runs. */
export function createState(
  runtime: Runtime,
  tensors: StateTensors,
  place: StatePlace,
): StateStore {
  const onDevice = place === 'onDevice';
  const current: Record<string, Ort.Tensor> = {};
  const spare: Record<string, Ort.Tensor> = {};
  /** What is known of each value, without what it began as: that may be large. */
  const types = new Map<string, Tensor>();
  for (const [name, { value, next, initial }] of Object.entries(tensors)) {
    if (value.shape.join() !== next.shape.join() || value.dtype !== next.dtype) {
      throw new GraphError(
        `compile: state "${name}" is ${value.dtype} [${value.shape.join(', ')}] but its next value is ${next.dtype} [${next.shape.join(', ')}]`,
        { code: 'shape', facts: { state: name, shape: value.shape, next: next.shape } },
      );
    }
    types.set(name, value);
    current[name] = hostTensor(runtime, name, value, initial?.slice());
    if (place === 'alternate') spare[name] = hostTensor(runtime, name, value);
  }

  const known = (name: string) => {
    const tensor = current[name];
    if (tensor) return tensor;
    throw new GraphError(
      `state "${name}" does not exist; there are: ${Object.keys(current).join(', ')}`,
      { code: 'not-found', facts: { state: name, known: Object.keys(current) } },
    );
  };

  return {
    access: {
      read: async (name) => readBack(runtime, known(name)),
      write: (name, data) => {
        const old = known(name);
        current[name] = hostTensor(runtime, name, types.get(name)!, data.slice());
        if (old.location === 'gpu-buffer') old.dispose();
      },
    },
    current: () => current,
    next: () => {
      const into = place === 'inPlace' ? current : spare;
      return Object.fromEntries(
        Object.keys(current).map((name) => [primed(name), into[name] ?? null]),
      );
    },
    advance: (results) => {
      // On the CPU the runtime also returns a copy of what it wrote to `next`: not needed.
      if (place === 'inPlace') return;
      for (const name of Object.keys(current)) {
        const old = current[name]!;
        current[name] = onDevice ? results[primed(name)]! : spare[name]!;
        if (!onDevice) spare[name] = old;
        else if (old.location === 'gpu-buffer') old.dispose();
      }
    },
  };
}

/**
 * Makes a copy on the host. From a device through an identity graph: the runtime's own read-back is
 * not safe.
 */
export async function readBack(runtime: Runtime, tensor: Ort.Tensor): Promise<HostArray> {
  if (tensor.location === 'cpu' || tensor.location === 'cpu-pinned') {
    return (tensor.data as HostArray).slice();
  }
  if (tensor.type !== 'float32')
    throw new GraphError(`state of type ${tensor.type} cannot be read back`, {
      code: 'unsupported',
      facts: { dtype: tensor.type },
    });
  const length = sizeOf(tensor.dims);
  const session = await openSession(identityModel(tensor.dims), { device: 'webgpu' });
  const fetched = new runtime.Tensor('float32', new Float32Array(length), tensor.dims);
  await session.run({ x: tensor }, { y: fetched });
  await session.release();
  return fetched.data as Float32Array;
}
