/** Reading NPY as bytes, with nothing of Node: the studio reads digits with it. */
import { UserError } from '../errors.ts';
import { npyMagic, type WritableNpyData } from './npy-encode.ts';
import { sizeOf } from './shape.ts';

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
const nativeOrder = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? '<' : '>';

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
  toNativeOrder(copy, header);
  return { dtype, shape, data: new npyArrays[dtype](copy.buffer) };
}

/** Turns an array's bytes, in place, to this machine's byte order. */
export function toNativeOrder(bytes: Uint8Array, { order, dtype }: NpyHeader): void {
  if (order !== '|' && order !== nativeOrder) reverse(bytes, npyArrays[dtype].BYTES_PER_ELEMENT);
}

/** Turns the byte order of items round, in place. */
function reverse(bytes: Uint8Array, itemSize: number): void {
  for (let at = 0; at < bytes.length; at += itemSize) bytes.subarray(at, at + itemSize).reverse();
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
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== npyMagic) {
    throw new UserError(`${file}: magic number is not NPY's \\x93NUMPY; save it with numpy.save.`);
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) {
    throw new UserError(`${file}: NPY version is ${version}, 1 to 3 are known; ${getAgain}.`);
  }
  const lengthSize = version === 1 ? 2 : 4;
  const headerStart = 8 + lengthSize;
  if (bytes.length < headerStart) {
    throw new UserError(`${file}: header is cut short at ${bytes.length} bytes; ${getAgain}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = headerStart + length;
  if (bytes.length < start) {
    throw new UserError(
      `${file}: header is cut short at ${bytes.length} of ${start} bytes; ${getAgain}.`,
    );
  }
  return {
    ...parseHeader(new TextDecoder().decode(bytes.subarray(headerStart, start)), file),
    start,
  };
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
