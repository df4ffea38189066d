import { readdir } from 'node:fs/promises';
import type { Device, Runtime } from './device.ts';

/** ONNX Runtime for Node. `onnxruntime-web.ts` is the same for browsers; `#onnxruntime` names either. */
export const importRuntime = (): Promise<Runtime> =>
  import('onnxruntime-node').then((module) => module.default ?? module);

/** What the runtime calls the providers of a device, the preferred one first. */
export const providersOf = (device: Exclude<Device, 'auto'>): string[] =>
  device === 'cpu' ? ['cpu'] : [device, 'cpu'];

/**
 * Whether asking for a GPU makes sense. On Linux the runtime reaches one through Vulkan, and where
 * its library is not installed asking prints a warning that nobody needs.
 */
export async function mayHaveGpu(): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const folders = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  for (const base of ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib']) {
    const inner = await readdir(base).catch(() => []);
    const architectures = inner.filter((name) => name.endsWith('-linux-gnu'));
    folders.push(base, ...architectures.map((name) => `${base}/${name}`));
  }
  const names = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  return names.flat().some((name) => name.startsWith('libvulkan.so'));
}
