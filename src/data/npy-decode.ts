/** Reading NPY as bytes, with nothing of Node: the studio reads digits with it. */
import { type ErrorCode, UserError } from '../errors.ts';
import { fromHalf } from '../half.ts';
import { quoted } from '../quoted.ts';
import { npyMagic, type WritableNpyData } from './npy-encode.ts';
import { sizeOf } from './shape.ts';

/** An array read from NPY, row-major. Booleans come as bytes 0 and 1. */
export interface NpyArray {
  /** NumPy's name of the type, byte order apart. */
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** Values of an array; those of half precision come as single. */
export type NpyData =
  | WritableNpyData
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The typed array in which a file has each type; `f2` holds the bits of halves. */
export const npyArrays = {
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  b1: Uint8Array,
} as const;

/**
 * NumPy's names of the types that are read: floats, unsigned, signed, booleans, and their bytes.
 */
export type NpyType = keyof typeof npyArrays;

const getAgain = 'get or save the file again';
const nativeOrder = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? '<' : '>';

/** What an NPY file says of its array. */
export interface NpyHeader {
  /** Byte order as NumPy writes it: `<`, `>`, or `|` for single bytes. */
  readonly order: string;
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  /** First index fastest, NumPy's Fortran order, as `array.T` has it. */
  readonly columnMajor: boolean;
  /** Where the values begin, in bytes. */
  readonly start: number;
}

/**
 * Decodes NumPy's NPY, versions 1 to 3: floats of 16 to 64 bits, whole numbers of 8 to 64, and
 * bool, of either byte order. Arrays in Fortran order are turned to C order. The result shares no
 * memory with `bytes`. `file` is named in errors.
 *
 * @throws UserError for another magic number, version or type, and for a file cut short or too
 *   long.
 */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const header = decodeNpyHeader(bytes, bytes.length, file);
  const { dtype, shape, start } = header;
  // A copy of its own, which begins at offset 0 as typed arrays need (a Buffer's slice would be a
  // view).
  const copy = new Uint8Array(bytes.subarray(start));
  toNativeOrder(copy, header);
  const stored = valuesOf(new npyArrays[dtype](copy.buffer), header);
  return { dtype, shape, data: header.columnMajor ? rowMajor(stored, shape) : stored };
}

/** Gives values as they are used: halves become single precision. */
export function valuesOf(stored: NpyData, { dtype }: Pick<NpyHeader, 'dtype'>): NpyData {
  return dtype === 'f2' ? fromHalf(stored as Uint16Array) : stored;
}

/** The same values with the last index fastest. */
function rowMajor<T extends NpyData>(columns: T, shape: readonly number[]): T {
  const rows = columns.slice() as T;
  const axes = shape.map((length, axis) => ({ length, stride: sizeOf(shape.slice(0, axis)) }));
  const at = shape.map(() => 0);
  for (let i = 0, place = 0; i < rows.length; i++) {
    rows[i] = columns[place]!;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { length, stride } = axes[axis]!;
      place += stride;
      if (++at[axis]! < length) break;
      place -= stride * length;
      at[axis] = 0;
    }
  }
  return rows;
}

/** Turns an array's bytes, in place, to this machine's byte order. */
export function toNativeOrder(bytes: Uint8Array, { order, dtype }: NpyHeader): void {
  if (order !== '|' && order !== '=' && order !== nativeOrder)
    reverse(bytes, npyArrays[dtype].BYTES_PER_ELEMENT);
}

/** Turns the byte order of items round, in place. */
function reverse(bytes: Uint8Array, itemSize: number): void {
  for (let at = 0; at < bytes.length; at += itemSize) bytes.subarray(at, at + itemSize).reverse();
}

/**
 * Decodes the header of an NPY file of `length` bytes, of which `bytes` are the first.
 *
 * @throws UserError for all that `decodeNpy` refuses.
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
  throw fault(file, `values for shape (${shape.join(', ')}): ${problem}; ${getAgain}.`);
}

/**
 * Longest header, in bytes, and most dimensions that are read. NumPy writes a few hundred, and 64
 * at most.
 */
const [LONGEST_HEADER, DIMENSIONS] = [2 ** 20, 64] as const;

function fault(file: string, problem: string, code: ErrorCode = 'unreadable'): UserError {
  return new UserError(`${file}: ${problem}`, { code, facts: { path: file } });
}

function decodeHeader(bytes: Uint8Array, file: string): NpyHeader {
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== npyMagic) {
    throw fault(file, "magic number is not NPY's \\x93NUMPY; save it with numpy.save.");
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) {
    throw fault(file, `NPY version is ${version}, 1 to 3 are known; ${getAgain}.`);
  }
  const lengthSize = version === 1 ? 2 : 4;
  const headerStart = 8 + lengthSize;
  if (bytes.length < headerStart) {
    throw fault(file, `header is cut short at ${bytes.length} bytes; ${getAgain}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = headerStart + length;
  if (length > LONGEST_HEADER) {
    throw fault(file, `header says it has ${length} bytes, too many; ${getAgain}.`);
  }
  if (bytes.length < start) {
    throw fault(file, `header is cut short at ${bytes.length} of ${start} bytes; ${getAgain}.`);
  }
  const text = new TextDecoder().decode(bytes.subarray(headerStart, start));
  return { ...parseHeader(text, file), start };
}

/** Reads the three fields of the header, a Python dictionary. */
function parseHeader(text: string, file: string): Omit<NpyHeader, 'start'> {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const dimensions = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (fortran === undefined || dimensions === undefined) {
    const field = fortran === undefined ? 'fortran_order' : 'shape';
    throw fault(file, `header has no ${field}; ${getAgain}.`);
  }
  const [, order, dtype] = /^([<>|=])(f[248]|[ui][1248]|b1)$/.exec(descr ?? '') ?? [];
  if (order === undefined) {
    const found = descr === undefined ? 'a record or missing' : quoted(descr, 40);
    throw fault(
      file,
      `descr (type) is ${found}, but floats, whole numbers or bool are needed; convert it with array.astype.`,
      'unsupported',
    );
  }
  const shape = dimensions.match(/\d+/g)?.map(Number) ?? [];
  if (shape.length > DIMENSIONS || !shape.every(Number.isSafeInteger)) {
    throw fault(file, `shape of ${shape.length} dimensions makes no sense; ${getAgain}.`);
  }
  return { order, dtype: dtype as NpyType, shape, columnMajor: fortran === 'True' };
}
