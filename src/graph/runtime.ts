import type * as Ort from 'onnxruntime-common';
import {
  defaultThreads,
  importRuntime,
  lacksProvider,
  mayHaveGpu,
  providersOf,
} from '#onnxruntime';
import { firstLine } from '../text.ts';
import { type Device, devices, type Runtime } from './device.ts';
import { GraphError } from './error.ts';
import { encodeModel } from './onnx.ts';

let loading: Promise<Runtime> | undefined;

/** Loads ONNX Runtime, that of Node or that of browsers, loaded once. */
export function loadRuntime(): Promise<Runtime> {
  loading ??= importRuntime();
  return loading;
}

export interface SessionOptions {
  readonly device: Exclude<Device, 'auto'>;
  /** Threads of one run; default: `MDENSITY_THREADS`, or every core. */
  readonly threads?: number;
  /** Start of the path of a profile to write. */
  readonly profile?: string;
  /** Names of outputs that stay on the device; the others come to the host. */
  readonly keepOnDevice?: readonly string[];
  /**
   * Take a run's memory as one piece, once a first run has shown how much: a little faster for
   * small graphs, but beside what the first run took, half as much again. Default true.
   */
  readonly memoryPattern?: boolean;
}

/** Opens a session of bytes, or of a path in Node; a device that is not to be had is one error. */
export async function openSession(
  model: Uint8Array | string,
  {
    device,
    threads = defaultThreads(),
    profile,
    keepOnDevice = [],
    memoryPattern = true,
  }: SessionOptions,
): Promise<Ort.InferenceSession> {
  const { InferenceSession } = await loadRuntime();
  if (device !== 'cpu' && (await lacksProvider(device))) {
    throw noDevice(device, 'ONNX Runtime came without its library');
  }
  try {
    // The two have signatures of their own.
    return await InferenceSession.create(model as Uint8Array, {
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
    throw noDevice(device, firstLine(cause), cause);
  }
}

const noDevice = (device: Exclude<Device, 'auto' | 'cpu'>, reason: string, cause?: unknown) =>
  new GraphError(
    `device "${device}" cannot be used here (${reason}); use cpu, or auto to take what there is${hints[device]}`,
    { code: 'device', facts: { device }, cause },
  );

const hints = {
  cuda: ' (CUDA needs npm rebuild --ignore-scripts=false onnxruntime-node)',
  webgpu: '',
} as const;

/**
 * Finds the device that `auto` stands for on this machine: webgpu if a session opens on it, else
 * cpu.
 */
export async function resolveDevice(device: Device): Promise<Exclude<Device, 'auto'>> {
  if (!devices.includes(device)) {
    throw new GraphError(`device "${device}" is not known; use one of ${devices.join(', ')}`, {
      code: 'not-found',
      facts: { option: 'device', value: device, known: devices },
    });
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

/** Writes the model y = x on floats of a shape: the smallest model that shows a device works. */
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
 * Finds the channels per block of the CPU runtime's blocked convolution layout: 16 with AVX-512, 8
 * with AVX2; 0 where the runtime has none. Found by reordering a ramp and looking where channel 1
 * of the first pixel went.
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
