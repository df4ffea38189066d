import { UserError } from '../errors.ts';
import { type DenoiserFile, type OpenOptions, openDenoiser } from './denoiser-file.ts';

/**
 * Opens a model from an address, or from the bytes of an ONNX file. Release it when it is not
 * needed any more.
 *
 * @throws UserError (`network`, `not-found`) where the address gives no file; (`unreadable`,
 *   `unsupported`) for what is no denoiser.
 */
export async function openModelBytes(
  source: string | URL | Uint8Array,
  options: OpenOptions = {},
): Promise<DenoiserFile> {
  if (source instanceof Uint8Array) return openDenoiser(source, 'the model', options);
  return openDenoiser(await fetchModelBytes(source), String(source), options);
}

/**
 * Fetches the bytes of a model.
 *
 * @throws UserError (`network`, `not-found`) where the address gives no file.
 */
export async function fetchModelBytes(source: string | URL): Promise<Uint8Array> {
  const response = await fetch(source).catch((cause: unknown) => {
    throw new UserError(`${source}: cannot be reached; check the address and the network`, {
      code: 'network',
      facts: { source: String(source) },
      cause,
    });
  });
  if (!response.ok) {
    throw new UserError(`${source}: answers ${response.status}; check the address`, {
      code: response.status === 404 ? 'not-found' : 'network',
      facts: { source: String(source), status: response.status },
    });
  }
  return new Uint8Array(await response.arrayBuffer());
}
