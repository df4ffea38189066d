import type * as Ort from 'onnxruntime-common';
import { importRuntime, mayHaveGpu, providersOf } from '#onnxruntime';
import { type Device, devices, type Runtime } from './device.ts';
import { GraphError } from './error.ts';
import { encodeModel } from './onnx.ts';

let loading: Promise<Runtime> | undefined;

/** ONNX Runtime, that of Node or that of browsers, loaded once. */
export function loadRuntime(): Promise<Runtime> {
  loading ??= importRuntime();
  return loading;
}

export interface SessionOptions {
  readonly device: Exclude<Device, 'auto'>;
  /** Threads of one run; default: every core. */
  readonly threads?: number;
  /** Start of the path of a profile to write. */
  readonly profile?: string;
  /** Names of outputs that stay on the device; the others come to the host. */
  readonly keepOnDevice?: readonly string[];
  /**
   * Take a run's memory as one piece, once a first run has shown how much: a little faster for small
   * graphs, but beside what the first run took, half as much again. Default true.
   */
  readonly memoryPattern?: boolean;
}

/** Opens a session; a device that cannot be had is one clear error. */
export async function openSession(
  model: Uint8Array,
  { device, threads, profile, keepOnDevice = [], memoryPattern = true }: SessionOptions,
): Promise<Ort.InferenceSession> {
  const { InferenceSession } = await loadRuntime();
  try {
    return await InferenceSession.create(model, {
      executionProviders: providersOf(device),
      logSeverityLevel: 3,
      enableMemPattern: memoryPattern,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
      ...(keepOnDevice.length > 0 && {
        preferredOutputLocation: Object.fromEntries(
          keepOnDevice.map((name) => [name, 'gpu-buffer' as const]),
        ),
      }),
    });
  } catch (cause) {
    if (device === 'cpu') throw cause;
    throw new GraphError(
      `device "${device}" cannot be used here (${firstLine(cause)}); use cpu, or auto to take what there is${hints[device]}`,
      { cause },
    );
  }
}

const hints = {
  cuda: ' (CUDA needs npm install onnxruntime-node --onnxruntime-node-install=cuda12)',
  webgpu: '',
} as const;

/** The device that `auto` stands for on this machine: webgpu if a session opens on it, else cpu. */
export async function resolveDevice(device: Device): Promise<Exclude<Device, 'auto'>> {
  if (!devices.includes(device)) {
    throw new GraphError(`device "${device}" is not known; use one of ${devices.join(', ')}`);
  }
  if (device !== 'auto') return device;
  if (!(await mayHaveGpu())) return 'cpu';
  try {
    const session = await openSession(identityModel([1]), { device: 'webgpu' });
    await session.release();
    return 'webgpu';
  } catch {
    return 'cpu';
  }
}

/** y = x on floats of a shape: the smallest model that shows a device works. */
export function identityModel(shape: readonly number[]): Uint8Array {
  const value = { dtype: 'float32', shape } as const;
  return encodeModel({
    nodes: [{ op: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    constants: [],
    inputs: [{ name: 'x', ...value }],
    outputs: [{ name: 'y', ...value }],
  });
}

let probing: Promise<number> | undefined;

/**
 * Channels per block of the CPU runtime's blocked convolution layout: 16 with AVX-512, 8 with
 * AVX2; 0 where the runtime has none. Found by reordering a ramp and looking where channel 1 of
 * the first pixel went.
 */
export function probeChannelBlock(): Promise<number> {
  probing ??= probe().catch(() => 0);
  return probing;
}

async function probe(): Promise<number> {
  const { Tensor } = await loadRuntime();
  const shape = [1, 64, 1, 2];
  const value = { dtype: 'float32', shape } as const;
  const node = { op: 'ReorderInput', domain: 'com.microsoft.nchwc', attributes: {} };
  const model = encodeModel({
    nodes: [{ ...node, inputs: ['x'], outputs: ['y'] }],
    constants: [],
    inputs: [{ name: 'x', ...value }],
    outputs: [{ name: 'y', ...value }],
  });
  const session = await openSession(model, { device: 'cpu', threads: 1 });
  const ramp = Float32Array.from({ length: 128 }, (_, i) => i);
  const { y } = await session.run({ x: new Tensor('float32', ramp, shape) });
  await session.release();
  // In blocks of b channels, value 1 (channel 0, pixel 1) stands at position b.
  const block = (y!.data as Float32Array).indexOf(1);
  return block > 1 ? block : 0;
}

function firstLine(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause).split('\n')[0]!;
}
