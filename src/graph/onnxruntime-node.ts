import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { oneLine } from '../quoted.ts';
import type { Device, Runtime } from './device.ts';

/**
 * Loads ONNX Runtime for Node. `onnxruntime-web.ts` is the same for browsers; `#onnxruntime` names
 * either.
 */
export async function importRuntime(): Promise<Runtime> {
  try {
    const module = await import('onnxruntime-node');
    return module.default ?? module;
  } catch (cause) {
    throw new UserError(missing(cause), {
      code: 'unsupported',
      facts: { package: 'onnxruntime-node', platform: process.platform, arch: process.arch },
      cause,
    });
  }
}

/**
 * Says what to do where npm left the package out, as it does where its script fails, which fetches
 * CUDA on Linux.
 */
function missing(cause: unknown): string {
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  return code === 'ERR_MODULE_NOT_FOUND'
    ? 'ONNX Runtime is not installed: run npm install --ignore-scripts onnxruntime-node.'
    : `ONNX Runtime cannot be loaded on ${process.platform} ${process.arch} (${message}).`;
}

/**
 * Reads the threads of a run where a caller leaves them open: `MDENSITY_THREADS`, for machines that
 * are shared and containers whose share of the cores the runtime does not see; undefined for every
 * core.
 *
 * @throws UserError for what is no whole number from 1.
 */
export function defaultThreads(): number | undefined {
  const value = process.env.MDENSITY_THREADS;
  if (value === undefined || value === '') return undefined;
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value);
  throw new UserError(
    `MDENSITY_THREADS ${oneLine(value)}: give a whole number of threads, from 1`,
    {
      facts: { variable: 'MDENSITY_THREADS', value },
    },
  );
}

/** Lists what the runtime calls the providers of a device, the preferred one first. */
export const providersOf = (device: Exclude<Device, 'auto'>): string[] =>
  device === 'cpu' ? ['cpu'] : [device, 'cpu'];

/**
 * Tells whether the library of a provider is missing, where it comes as a file of its own. Asked
 * without it, the runtime writes lines of its own to stderr before it throws.
 */
export async function lacksProvider(device: Exclude<Device, 'auto' | 'cpu'>): Promise<boolean> {
  if (device !== 'cuda') return false;
  if (process.platform === 'darwin') return true;
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const bin = join(dirname(dirname(main)), 'bin');
  const files = await readdir(bin, { recursive: true }).catch(() => undefined);
  const own = join(process.platform, process.arch);
  return !(files ?? ['']).some(
    (file) => file.includes(own) && /onnxruntime_providers_cuda\.(so|dll)$/.test(file),
  );
}

/**
 * Tells whether asking for a GPU makes sense. On Linux the runtime reaches one through Vulkan, and
 * where its library is not installed asking prints a warning that nobody needs.
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
