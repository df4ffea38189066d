/** Which device the worker's work runs on. */
import { processorThreads } from '../../src/graph/onnxruntime-web.ts';
import { identityModel, openSession } from '../../src/graph/runtime.ts';
import type { DeviceReport, Wish } from './protocol.ts';

/** The part of WebGPU that is asked here. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { readonly isFallbackAdapter?: boolean } } | null>;
}

/** Whether the GPU was lost: this worker's runtime cannot take it up again. */
let lost = false;

/** The processor, because the GPU is gone. What the runtime said goes to the console. */
export function afterLoss(error: unknown, consequence = ''): DeviceReport {
  lost = true;
  console.info(error);
  return onProcessor(`the graphics processor failed or was lost${consequence}`);
}

/** The device that a wish comes to, with the reason. Never fails: the processor is always there. */
export async function chooseDevice(wish: Wish): Promise<DeviceReport> {
  if (wish === 'cpu') return onProcessor('chosen');
  if (lost) return onProcessor('the graphics processor was lost; reload the page to try it again');
  const { gpu } = navigator as { gpu?: Gpu };
  if (!gpu) return onProcessor('this browser has no WebGPU, or keeps it from pages without https');
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) return onProcessor('WebGPU finds no graphics adapter');
  if (wish === 'auto' && adapter.info?.isFallbackAdapter) {
    return onProcessor('the only graphics adapter is a program, slower than this');
  }
  try {
    const session = await openSession(identityModel([1]), { device: 'webgpu' });
    await session.release();
    return { ...onProcessor(''), device: 'webgpu', why: 'on the graphics processor' };
  } catch (error) {
    return onProcessor(`WebGPU could not be started: ${lineOf(error)}`);
  }
}

/** The processor, with what kept work from the GPU. */
export function onProcessor(reason: string): DeviceReport {
  const threads = processorThreads();
  const speed = threads > 1 ? `${threads} threads` : 'one thread';
  return { device: 'cpu', threads, why: `on the processor, ${speed} (${reason})` };
}

/** Whether an error is that of a device, which another one may not have. */
export const isDeviceError = (device: DeviceReport['device'], error: unknown): boolean =>
  device === 'webgpu' && !(error instanceof Error && error.name === 'UserError');

/** The first line of an error. */
export const lineOf = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0]!;
