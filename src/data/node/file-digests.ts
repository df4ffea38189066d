import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { readError } from '../../files.ts';

/** Checksums of a file, in lower-case hex. */
export interface FileDigests {
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/** Turns the byte order of items of 1, 2, 4 or 8 bytes round, in place. */
export function swapBytes(bytes: Buffer, itemSize: number): Buffer {
  if (itemSize === 2) return bytes.swap16();
  if (itemSize === 4) return bytes.swap32();
  return itemSize === 8 ? bytes.swap64() : bytes;
}

/** Computes the SHA-1 by which git names a file of this size: of `blob`, the size and the bytes. */
export async function gitSha1(path: string, bytes: number): Promise<string> {
  const sha1 = createHash('sha1').update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path), sha1);
  return sha1.digest('hex');
}

/**
 * Computes size, MD5 and SHA-256 of a file, read in pieces.
 *
 * @throws UserError where it can not be read.
 */
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
