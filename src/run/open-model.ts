import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';
import type { DenoiserFile } from '../model/index.ts';
import { fetchModelBytes } from '../model/open-model.ts';
import { loadModel, type ModelOptions, openBytes } from './model-file.ts';

/**
 * Opens a model: a path of an ONNX file or a run, the name of a run in `runs/` or of a model in the
 * box, a URL, or the bytes of a file. Release it when it is not needed any more.
 *
 * @example
 * const box = await openModel('mnist');
 *
 * @throws UserError (`not-found`) if there is nothing of that name; (`unreadable`, `unsupported`)
 *   for what is no denoiser; (`level`) for a σ̃ that it does not know; (`unsupported`) for 8 bits
 *   where they are not to be had.
 */
export async function openModel(
  source: string | URL | Uint8Array,
  options: ModelOptions = {},
): Promise<DenoiserFile> {
  if (source instanceof Uint8Array) return openBytes(source, 'the model', options);
  const url = asUrl(source);
  if (url === undefined) return loadModel(String(source), options);
  if (url.protocol === 'file:') return loadModel(fileURLToPath(url), options);
  return openBytes(await fetchModelBytes(url), String(url), options);
}

function asUrl(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return undefined;
  if (URL.canParse(source)) return new URL(source);
  throw new UserError(`${source}: is no address; check it`, { facts: { source } });
}
