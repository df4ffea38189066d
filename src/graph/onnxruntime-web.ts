import type * as Ort from 'onnxruntime-common';
import type { Device, Runtime } from './device.ts';

/**
 * Loads ONNX Runtime for browsers, to be used in a worker. It comes in two builds, each loaded when
 * a session first needs it: a large one that knows WebGPU, and a small one for the processor alone,
 * which is faster there.
 */
export async function importRuntime(): Promise<Runtime> {
  const { Tensor } = await import('onnxruntime-common');
  const create = (model: Uint8Array, options: Ort.InferenceSession.SessionOptions) => {
    const onGpu = options.executionProviders?.[0] === 'webgpu';
    return openSession(onGpu ? 'webgpu' : 'wasm', model, options);
  };
  return { Tensor, InferenceSession: { create } as Runtime['InferenceSession'] };
}

const builds = {
  webgpu: () => import('onnxruntime-web/webgpu'),
  wasm: () => import('onnxruntime-web/wasm'),
} as const;

type Build = keyof typeof builds;

const turns: Readonly<Record<Build, InTurn>> = { webgpu: oneAtATime(), wasm: oneAtATime() };

async function openSession(
  build: Build,
  model: Uint8Array,
  options: Ort.InferenceSession.SessionOptions,
): Promise<Ort.InferenceSession> {
  const { InferenceSession, env } = await builds[build]();
  env.wasm.numThreads = processorThreads();
  const inTurn = turns[build];
  return likeNode(await inTurn(() => InferenceSession.create(model, options)), inTurn);
}

/** Leaves the threads of a run to the runtime, which is told of the page's elsewhere. */
export const defaultThreads = (): number | undefined => undefined;

/** Lists what the runtime calls the providers of a device, the preferred one first. */
export const providersOf = (device: Exclude<Device, 'auto'>): string[] =>
  device === 'cpu' ? ['wasm'] : [device, 'wasm'];

/** Tells whether the library of a provider is missing; here all are part of a build. */
export const lacksProvider = async (_device: Device): Promise<boolean> => false;

/** Tells whether asking for a GPU makes sense. */
export async function mayHaveGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return Boolean(await gpu?.requestAdapter().catch(() => null));
}

/**
 * Chooses the threads of a call: all cores but one, which is the page's, where the page may share
 * memory; else
 * 1. Beyond 8 a small network gains nothing.
 */
export function processorThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.min(8, Math.max(1, navigator.hardwareConcurrency - 1));
}

type InTurn = <T>(task: () => Promise<T>) => Promise<T>;

/** A build cannot be entered again while it waits for a GPU, by any session. */
function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const own = last.then(task);
    last = own.catch(() => undefined);
    return own;
  };
}

/**
 * Results go into the tensors that a call gives, as they do in Node: this runtime makes new ones.
 */
function likeNode(session: Ort.InferenceSession, inTurn: InTurn): Ort.InferenceSession {
  const run = async (
    feeds: Ort.InferenceSession.FeedsType,
    fetches: Ort.InferenceSession.NullableOnnxValueMapType,
  ) => {
    const made = await inTurn(() => session.run(feeds, Object.keys(fetches)));
    const results: Record<string, Ort.Tensor> = {};
    for (const [name, given] of Object.entries(fetches)) {
      const own = made[name]! as Ort.Tensor;
      results[name] = (given as Ort.Tensor | null) ?? own;
      if (given) (results[name].data as Float32Array).set(own.data as Float32Array);
    }
    return results;
  };
  const release = () => inTurn(() => session.release());
  return { run, release, endProfiling: () => session.endProfiling() } as Ort.InferenceSession;
}
