import type * as Ort from 'onnxruntime-common';
import type { Device, Runtime } from './device.ts';

/**
 * ONNX Runtime for browsers, to be used in a worker: the build with WebGPU where there is an adapter, else the
 * smaller one that has the processor alone.
 */
export async function importRuntime(): Promise<Runtime> {
  const { InferenceSession, Tensor, env } = (await mayHaveGpu())
    ? await import('onnxruntime-web/webgpu')
    : await import('onnxruntime-web/wasm');
  env.wasm.numThreads = processorThreads();
  const inTurn = oneAtATime();
  const create = async (model: Uint8Array, options: Ort.InferenceSession.SessionOptions) =>
    likeNode(await inTurn(() => InferenceSession.create(model, options)), inTurn);
  return { Tensor, InferenceSession: { create } as Runtime['InferenceSession'] };
}

/** What the runtime calls the providers of a device, the preferred one first. */
export const providersOf = (device: Exclude<Device, 'auto'>): string[] =>
  device === 'cpu' ? ['wasm'] : [device, 'wasm'];

/** Whether asking for a GPU makes sense. */
export async function mayHaveGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return Boolean(await gpu?.requestAdapter().catch(() => null));
}

/**
 * Threads of a call: all cores but one, which is the page's, where the page may share memory; else 1. Beyond 8 a
 * small network gains nothing.
 */
export function processorThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.min(8, Math.max(1, navigator.hardwareConcurrency - 1));
}

type InTurn = <T>(task: () => Promise<T>) => Promise<T>;

/** The runtime cannot be entered again while it waits for a GPU, by any session. */
function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const own = last.then(task);
    last = own.catch(() => undefined);
    return own;
  };
}

/** Results go into the tensors that a call gives, as they do in Node: this runtime makes new ones. */
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
