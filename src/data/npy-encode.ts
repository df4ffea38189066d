/** Writing NPY as bytes, with nothing of Node: the studio saves samples with it. */

/** Values mdensity can write as NPY: `<f4`, `<f8`, `|u1`, `<i4`. */
export type WritableNpyData = Float32Array | Float64Array | Uint8Array | Int32Array;

/** How every NPY file begins, as Latin-1. */
export const npyMagic = '\x93NUMPY';

/**
 * Encodes a row-major array as NPY version 1, C order, little-endian.
 * Throws where `shape` does not hold as many values as `data` (a defect of the caller).
 */
export function encodeNpy(
  data: WritableNpyData,
  shape: readonly number[],
): Uint8Array<ArrayBuffer> {
  if (shape.reduce((product, size) => product * size, 1) !== data.length) {
    throw new Error(`NPY: shape [${shape.join(', ')}] does not hold ${data.length} values.`);
  }
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const fields = `{'descr': '${descrOf(data)}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // NumPy aligns the values to 64 bytes and ends the header with a newline.
  const header = `${fields}${' '.repeat(63 - ((10 + fields.length) % 64))}\n`;
  const bytes = new Uint8Array(10 + header.length + data.byteLength);
  const put = (text: string, at: number) => {
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  };
  put(npyMagic, 0);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  put(header, 10);
  putLittleEndian(data, bytes.subarray(10 + header.length));
  return bytes;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function putLittleEndian(data: WritableNpyData, into: Uint8Array): void {
  into.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (littleEndian) return;
  const size = data.BYTES_PER_ELEMENT;
  for (let at = 0; at < into.length; at += size) into.subarray(at, at + size).reverse();
}

function descrOf(data: WritableNpyData): string {
  if (data instanceof Float32Array) return '<f4';
  if (data instanceof Float64Array) return '<f8';
  return data instanceof Int32Array ? '<i4' : '|u1';
}
