import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { endianness } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { readError } from '../files.ts';
import { blocksOf, type Examples } from './examples.ts';

/** Checksums of a file, in lower-case hex. */
export interface FileDigests {
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/** The bytes of a typed array as a little-endian machine holds them; a copy only where this one is not. */
export function littleEndianBytes(data: NodeJS.TypedArray): Buffer {
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return endianness() === 'LE' ? view : swapBytes(Buffer.from(view), data.BYTES_PER_ELEMENT);
}

/** Turns the byte order of items of 1, 2, 4 or 8 bytes round, in place. */
export function swapBytes(bytes: Buffer, itemSize: number): Buffer {
  if (itemSize === 2) return bytes.swap16();
  if (itemSize === 4) return bytes.swap32();
  return itemSize === 8 ? bytes.swap64() : bytes;
}

/**
 * SHA-256 (hex) by which a run knows its data again: of the line
 * `uint8 [count, ...shape]` (or `float32`), then the values, row-major and little-endian.
 * Labels and names are left out: the density is learned without them. Examples are read in blocks;
 * `onProgress` is told how many. Throws `UserError` as their `read` does.
 */
export async function hashDataset(
  examples: Examples,
  onProgress?: (done: number) => void,
): Promise<string> {
  const { dtype, count, shape } = examples;
  const hash = createHash('sha256').update(`${dtype} ${JSON.stringify([count, ...shape])}\n`);
  for await (const values of blocksOf(examples, onProgress)) hash.update(littleEndianBytes(values));
  return hash.digest('hex');
}

/** Size, MD5 and SHA-256 of a file, read in pieces. Throws `UserError` where it can not be read. */
export async function fileDigests(path: string): Promise<FileDigests> {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        md5.update(chunk);
        sha256.update(chunk);
        bytes += chunk.length;
      }
    });
  } catch (error) {
    throw readError(error, path);
  }
  return { bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex') };
}
