import { zipSync } from 'fflate';
import { UserError } from '../../errors.ts';
import { readBytes, writeBytes } from '../../files.ts';
import { listed, oneLine, quoted } from '../../quoted.ts';
import { decodeNpy, type NpyArray } from '../npy-decode.ts';
import { encodeNpy, type WritableNpyData } from '../npy-encode.ts';
import { openZip } from './zip.ts';

/** An array to write: row-major values and their shape. */
export interface NpzEntry {
  readonly data: WritableNpyData;
  readonly shape: readonly number[];
}

/** An opened NPZ: its keys, and each array decoded when it is asked for. */
export interface Npz {
  readonly keys: readonly string[];
  /** @throws UserError for a key that is not there and for an array that `decodeNpy` refuses. */
  readonly array: (key: string) => NpyArray;
}

/**
 * Opens NumPy's NPZ, a ZIP of NPY files, compressed or not, and checks each member's CRC-32. An
 * array is unpacked when it is asked for: those of types that mdensity can not read do no harm
 * until then. `file` is named in errors.
 *
 * @throws UserError where the ZIP is corrupt or cut short.
 */
export function decodeNpz(bytes: Uint8Array, file: string): Npz {
  const { names, read } = openZip(bytes, file);
  const keys = names
    .filter((name) => name.endsWith('.npy'))
    .map((name) => name.slice(0, -'.npy'.length));
  const array = (key: string): NpyArray => {
    if (keys.includes(key)) return decodeNpy(read(`${key}.npy`), `${file} (${oneLine(key, 80)})`);
    throw new UserError(`${file}: has no array ${quoted(key)}; it has ${listed(keys) || 'none'}.`, {
      code: 'not-found',
      facts: { path: file, array: key, arrays: keys },
    });
  };
  return { keys, array };
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

/**
 * Writes an NPZ file whole or not at all.
 *
 * @throws UserError where it can not be written.
 */
export async function writeNpz(
  path: string,
  entries: Readonly<Record<string, NpzEntry>>,
): Promise<void> {
  await writeBytes(path, encodeNpz(entries));
}
