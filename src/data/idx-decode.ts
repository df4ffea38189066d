/** IDX as bytes. Nothing here needs Node: a page reads it too. */
import { type ErrorCode, UserError } from '../errors.ts';
import { sizeOf } from './shape.ts';

/** An array of unsigned bytes, row-major. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;
const getAgain = 'get the file again';

/**
 * Decodes IDX (the MNIST files' format): two zero bytes, a type code, the number of dimensions,
 * each dimension as a big-endian 32-bit integer, then the values. Only unsigned bytes (type 0x08)
 * are read. `file` is named in errors.
 *
 * @throws UserError for a wrong magic number or number of dimensions, and for a file cut short or
 *   too long.
 */
export function decodeIdxBytes(
  bytes: Uint8Array,
  file: string,
  options: { readonly dimensions?: number } = {},
): IdxArray {
  if (bytes.length < 4) {
    throw fault(file, `magic number: the file has ${bytes.length} bytes; ${getAgain}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
  if (view.getUint16(0) !== 0) {
    throw fault(file, `magic number ${magic} is not IDX's 0x000008nn; is it an IDX file?`);
  }
  if (bytes[2] !== unsignedByte) {
    throw fault(
      file,
      `magic number ${magic}: type code is not 0x08 (unsigned byte); convert it to uint8, or save it as NPY.`,
      'unsupported',
    );
  }
  const dimensions = bytes[3] as number;
  const expected = options.dimensions;
  if (dimensions === 0 || (expected !== undefined && dimensions !== expected)) {
    const wanted = expected === undefined ? 'at least 1' : `${expected}`;
    const hint = expected === 3 && dimensions === 1 ? ' (labels? give the images file)' : '';
    throw fault(
      file,
      `number of dimensions is ${dimensions}, ${wanted} expected${hint}; give another file.`,
    );
  }
  return readValues(bytes, view, dimensions, file);
}

function fault(file: string, problem: string, code: ErrorCode = 'unreadable'): UserError {
  return new UserError(`${file}: ${problem}`, { code, facts: { path: file } });
}

function readValues(bytes: Uint8Array, view: DataView, dimensions: number, file: string): IdxArray {
  const start = 4 + 4 * dimensions;
  if (bytes.length < start) {
    throw fault(
      file,
      `dimensions: the header is cut short at ${bytes.length} of ${start} bytes; ${getAgain}.`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const wanted = start + sizeOf(shape);
  if (bytes.length !== wanted) {
    const problem =
      bytes.length < wanted
        ? `cut short: ${bytes.length} of ${wanted} bytes`
        : `${bytes.length - wanted} bytes too many after the last value`;
    throw fault(file, `values for shape [${shape.join(', ')}]: ${problem}; ${getAgain}.`);
  }
  // A copy of its own: a Buffer's slice would be a view, and is no plain Uint8Array.
  return { shape, data: new Uint8Array(bytes.subarray(start)) };
}
