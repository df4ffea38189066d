import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Values } from './dataset.ts';
import { blocksOf, type Examples } from './examples.ts';

/** What a hash is of: the shape of all examples, and their values. */
type Hashed = Pick<Examples, 'dtype' | 'count' | 'shape'>;

/**
 * Starts the SHA-256 by which a run knows its data again: of the line `uint8 [count, ...shape]` (or
 * `float32`), then the values, row-major and little-endian. Labels and names are left out: the
 * density is learned without them.
 */
function startHash({ dtype, count, shape }: Hashed) {
  return sha256.create().update(utf8ToBytes(`${dtype} ${JSON.stringify([count, ...shape])}\n`));
}

/**
 * Hashes examples in blocks (hex); `onProgress` is told how many are done.
 *
 * @throws UserError as their `read` does.
 */
export async function hashDataset(
  examples: Examples,
  onProgress?: (done: number) => void,
): Promise<string> {
  const hash = startHash(examples);
  for await (const values of blocksOf(examples, onProgress)) hash.update(littleEndian(values));
  return bytesToHex(hash.digest());
}

/** Hashes values in memory (hex), `[count, ...shape]`: the same as `hashDataset` gives. */
export function hashValues(values: Values, count: number, shape: readonly number[]): string {
  const dtype = values instanceof Uint8Array ? 'uint8' : 'float32';
  const hash = startHash({ dtype, count, shape });
  return bytesToHex(hash.update(littleEndian(values)).digest());
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes of values as a little-endian machine holds them; a copy only where this one is not. */
function littleEndian(values: Values): Uint8Array {
  const { buffer, byteOffset, byteLength, length } = values;
  if (values instanceof Uint8Array || isLittleEndian) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const view = new DataView(new ArrayBuffer(byteLength));
  for (let i = 0; i < length; i++) view.setFloat32(4 * i, values[i]!, true);
  return new Uint8Array(view.buffer);
}
