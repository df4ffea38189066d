import { readBytes, writeBytes } from '../../files.ts';
import { decodeNpy, type NpyArray } from '../npy-decode.ts';
import { encodeNpy, type WritableNpyData } from '../npy-encode.ts';

/** Reads an NPY file; see `decodeNpy`. */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readBytes(path), path);
}

/**
 * Writes an NPY file whole or not at all; see `encodeNpy`.
 *
 * @throws UserError where it can not be written.
 */
export async function writeNpy(
  path: string,
  data: WritableNpyData,
  shape: readonly number[],
): Promise<void> {
  await writeBytes(path, encodeNpy(data, shape));
}
