import { crc32 } from 'node:zlib';
import { type Unzipped, unzipSync, zipSync } from 'fflate';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import { decodeNpy, encodeNpy, type NpyArray, type WritableNpyData } from './npy.ts';

/** An array to write: row-major values and their shape. */
export interface NpzEntry {
  readonly data: WritableNpyData;
  readonly shape: readonly number[];
}

/** An opened NPZ: its keys, and each array decoded when it is asked for. */
export interface Npz {
  readonly keys: readonly string[];
  /** Throws `UserError` for a key that is not there and for an array that `decodeNpy` refuses. */
  readonly array: (key: string) => NpyArray;
}

/**
 * Opens NumPy's NPZ, a ZIP of NPY files, compressed or not, and checks each member's CRC-32.
 * Arrays of types that mdensity can not read do no harm until asked for. `file` is named in errors.
 * Throws `UserError` where the ZIP is corrupt or cut short.
 */
export function decodeNpz(bytes: Uint8Array, file: string): Npz {
  const members = unzip(bytes, file);
  const keys = Object.keys(members)
    .filter((name) => name.endsWith('.npy'))
    .map((name) => name.slice(0, -'.npy'.length));
  const array = (key: string): NpyArray => {
    const member = members[`${key}.npy`];
    if (member === undefined) {
      throw new UserError(`${file}: has no array "${key}"; it has ${keys.join(', ') || 'none'}.`);
    }
    return decodeNpy(member, `${file} (${key})`);
  };
  return { keys, array };
}

function unzip(bytes: Uint8Array, file: string): Unzipped {
  let members: Unzipped;
  try {
    members = unzipSync(bytes);
  } catch (error) {
    throw new UserError(
      `${file}: the ZIP is corrupt or cut short (${(error as Error).message}); get or save the file again.`,
      { cause: error },
    );
  }
  const checksums = memberChecksums(bytes);
  for (const [name, member] of Object.entries(members)) {
    const expected = checksums.get(name);
    if (expected !== undefined && crc32(member) !== expected) {
      throw new UserError(
        `${file}: member ${name} is corrupt (CRC-32); get or save the file again.`,
      );
    }
  }
  return members;
}

/** CRC-32 of each member, from the ZIP's central directory: fflate does not check it. */
function memberChecksums(bytes: Uint8Array): ReadonlyMap<string, number> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksums = new Map<string, number>();
  const end = view.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = end < 0 ? 0xffffffff : view.readUInt32LE(end + 16);
  while (at + 46 <= view.length && view.readUInt32LE(at) === 0x02014b50) {
    const nameLength = view.readUInt16LE(at + 28);
    const name = view.toString('utf8', at + 46, at + 46 + nameLength);
    checksums.set(name, view.readUInt32LE(at + 16));
    at += 46 + nameLength + view.readUInt16LE(at + 30) + view.readUInt16LE(at + 32);
  }
  return checksums;
}

/** Encodes arrays as a compressed NPZ, the same bytes for the same arrays. */
export function encodeNpz(entries: Readonly<Record<string, NpzEntry>>): Uint8Array {
  const members = Object.entries(entries).map(
    ([key, { data, shape }]) => [`${key}.npy`, encodeNpy(data, shape)] as const,
  );
  // A fixed time stamp, ZIP's earliest: the same arrays give the same file.
  return zipSync(Object.fromEntries(members), { mtime: new Date(1980, 0, 1) });
}

/** Opens an NPZ file; see `decodeNpz`. */
export async function readNpz(path: string): Promise<Npz> {
  return decodeNpz(await readBytes(path), path);
}

/** Writes an NPZ file whole or not at all. Throws `UserError` where it can not be written. */
export async function writeNpz(
  path: string,
  entries: Readonly<Record<string, NpzEntry>>,
): Promise<void> {
  await writeBytes(path, encodeNpz(entries));
}
