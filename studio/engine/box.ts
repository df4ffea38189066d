/** The models in the box, and how the page gets their bytes. */
import { UserError } from '../../src/errors.ts';
import type { ModelConfig } from '../../src/model/index.ts';
import type { Told } from './protocol.ts';
import { toldOf } from './told.ts';

/** Addresses of the files, which a build copies beside the page. */
const files = import.meta.glob<string>('../../models/*/model.onnx', {
  query: '?url',
  import: 'default',
  eager: true,
});

const nameOf = (path: string) => path.split('/').at(-2)!;

const addresses = new Map(Object.entries(files).map(([path, url]) => [nameOf(path), url]));

/** Their configurations, which are known before the files come. */
const configs = import.meta.glob<ModelConfig>('../../models/*/run.json', {
  import: 'model',
  eager: true,
});

const told = new Map(Object.entries(configs).map(([path, of]) => [nameOf(path), toldOf(of)]));

/** What a model of the box may be told; undefined where the box has none of the name. */
export const toldOfBox = (name: string): Told | undefined => told.get(name);

/** Names of the models in the box. */
export const boxNames: readonly string[] = [...addresses.keys()].sort();

/** Hears how much of a file has come: from 0 to 1, or bytes where the length is not known. */
export type LoadListener = (progress: { readonly bytes: number; readonly share?: number }) => void;

/**
 * The bytes of a model of the box.
 *
 * @throws UserError where the host does not send it; the signal's reason where it was aborted.
 */
export async function fetchBoxModel(
  name: string,
  options: { readonly onProgress?: LoadListener; readonly signal?: AbortSignal } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const url = addresses.get(name);
  if (url === undefined) {
    throw new UserError(`model "${name}": is not in the box; there are ${boxNames.join(', ')}`);
  }
  return fetchBytes(url, `model "${name}"`, options);
}

/** The body of an address, with progress. `what` names it in errors. */
export async function fetchBytes(
  url: string,
  what: string,
  {
    onProgress,
    signal,
  }: { readonly onProgress?: LoadListener; readonly signal?: AbortSignal } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (problem: string, cause?: unknown) =>
    new UserError(`${what}: could not be loaded (${problem}); check the connection and try again`, {
      cause,
    });
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok || !response.body) throw failed(`the host says ${response.status}`);
    // A compressed body is longer than the header says.
    const encoded = response.headers.has('content-encoding');
    const length = encoded ? 0 : Number(response.headers.get('content-length') ?? 0);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
      onProgress?.(length > 0 ? { bytes, share: Math.min(1, bytes / length) } : { bytes });
    }
    return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  } catch (error) {
    if (error instanceof UserError || signal?.aborted) throw error;
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
}
