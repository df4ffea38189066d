import { endianness } from 'node:os';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import { sizeOf } from './examples.ts';
import { swapBytes } from './hash.ts';
import { encodeNpy, npyMagic, type WritableNpyData } from './npy-encode.ts';

/** An array read from NPY, row-major. Booleans come as bytes 0 and 1. */
export interface NpyArray {
  /** NumPy's name of the type, byte order apart: `f4`, `f8`, `u1`, `i4`, `i8` or `b1`. */
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  readonly data: WritableNpyData | BigInt64Array;
}

export type NpyType = 'f4' | 'f8' | 'u1' | 'i4' | 'i8' | 'b1';

/** The typed array of each type. */
export const npyArrays = {
  f4: Float32Array,
  f8: Float64Array,
  u1: Uint8Array,
  i4: Int32Array,
  i8: BigInt64Array,
  b1: Uint8Array,
} as const;

const getAgain = 'get or save the file again';
const nativeOrder = endianness() === 'LE' ? '<' : '>';

/** What an NPY file says of its array. */
export interface NpyHeader {
  /** Byte order as NumPy writes it: `<`, `>`, or `|` for single bytes. */
  readonly order: string;
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  /** Where the values begin, in bytes. */
  readonly start: number;
}

/**
 * Decodes NumPy's NPY, versions 1 to 3: float32, float64, uint8, int32, int64 and bool of either byte
 * order, in C order. The result shares no memory with `bytes`. `file` is named in errors.
 * Throws `UserError` for another magic number, version, type or order, and for a file cut short or too long.
 */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const header = decodeNpyHeader(bytes, bytes.length, file);
  const { dtype, shape, start } = header;
  // A copy of its own, which begins at offset 0 as typed arrays need (a Buffer's slice would be a view).
  const copy = new Uint8Array(bytes.subarray(start));
  toNativeOrder(Buffer.from(copy.buffer), header);
  return { dtype, shape, data: new npyArrays[dtype](copy.buffer) };
}

/** Turns an array's bytes, in place, to this machine's byte order. */
export function toNativeOrder(bytes: Buffer, { order, dtype }: NpyHeader): void {
  if (order !== '|' && order !== nativeOrder) swapBytes(bytes, npyArrays[dtype].BYTES_PER_ELEMENT);
}

/**
 * The header of an NPY file of `length` bytes, of which `bytes` are the first. Throws `UserError` for all
 * that `decodeNpy` refuses.
 */
export function decodeNpyHeader(bytes: Uint8Array, length: number, file: string): NpyHeader {
  const header = decodeHeader(bytes, file);
  const { dtype, shape, start } = header;
  const wanted = sizeOf(shape) * npyArrays[dtype].BYTES_PER_ELEMENT;
  const found = length - start;
  if (found === wanted) return header;
  const problem =
    found < wanted
      ? `cut short: ${found} of ${wanted} bytes`
      : `${found - wanted} bytes too many after the array`;
  throw new UserError(`${file}: values for shape (${shape.join(', ')}): ${problem}; ${getAgain}.`);
}

function decodeHeader(bytes: Uint8Array, file: string): NpyHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.toString('latin1', 0, 6) !== npyMagic) {
    throw new UserError(`${file}: magic number is not NPY's \\x93NUMPY; save it with numpy.save.`);
  }
  const version = view[6] ?? 0;
  if (version < 1 || version > 3) {
    throw new UserError(`${file}: NPY version is ${version}, 1 to 3 are known; ${getAgain}.`);
  }
  const lengthSize = version === 1 ? 2 : 4;
  const headerStart = 8 + lengthSize;
  if (view.length < headerStart) {
    throw new UserError(`${file}: header is cut short at ${view.length} bytes; ${getAgain}.`);
  }
  const start = headerStart + view.readUIntLE(8, lengthSize);
  if (view.length < start) {
    throw new UserError(
      `${file}: header is cut short at ${view.length} of ${start} bytes; ${getAgain}.`,
    );
  }
  return { ...parseHeader(view.toString('utf8', headerStart, start), file), start };
}

/** Reads the three fields of the header, a Python dictionary. */
function parseHeader(text: string, file: string): Omit<NpyHeader, 'start'> {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const dimensions = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (fortran === undefined || dimensions === undefined) {
    const field = fortran === undefined ? 'fortran_order' : 'shape';
    throw new UserError(`${file}: header has no ${field}; ${getAgain}.`);
  }
  const [, order, dtype] = /^([<>|])(f4|f8|u1|i4|i8|b1)$/.exec(descr ?? '') ?? [];
  if (order === undefined) {
    const found = descr === undefined ? 'a record or missing' : `"${descr}"`;
    throw new UserError(
      `${file}: descr (type) is ${found}, but float32, float64, uint8, int32, int64 or bool is needed; convert it with array.astype.`,
    );
  }
  if (fortran === 'True') {
    throw new UserError(
      `${file}: fortran_order is True, but C order is needed; save numpy.ascontiguousarray(array).`,
    );
  }
  return { order, dtype: dtype as NpyType, shape: dimensions.match(/\d+/g)?.map(Number) ?? [] };
}

/** Reads an NPY file; see `decodeNpy`. */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readBytes(path), path);
}

/** Writes an NPY file whole or not at all; see `encodeNpy`. Throws `UserError` where it can not be written. */
export async function writeNpy(
  path: string,
  data: WritableNpyData,
  shape: readonly number[],
): Promise<void> {
  await writeBytes(path, encodeNpy(data, shape));
}
