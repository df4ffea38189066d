import { access } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { UserError } from '../errors.ts';
import { gunzipIfNeeded, readBytes } from '../files.ts';
import { inMemory } from '../train/dataset.ts';
import { type Examples, type ReadOptions, refuseTestSplit, sizeOf } from './examples.ts';

/** An array of unsigned bytes, row-major. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;
const getAgain = 'get the file again';

/**
 * Decodes IDX (the MNIST files' format): two zero bytes, a type code, the number of dimensions,
 * each dimension as a big-endian 32-bit integer, then the values. Gzip is unpacked.
 * Only unsigned bytes (type 0x08) are read. `file` is named in errors.
 * Throws `UserError` for a wrong magic number or number of dimensions, and for a file cut short or too long.
 */
export function decodeIdx(
  packed: Uint8Array,
  file: string,
  options: { readonly dimensions?: number } = {},
): IdxArray {
  const bytes = gunzipIfNeeded(packed, file);
  if (bytes.length < 4) {
    throw new UserError(`${file}: magic number: the file has ${bytes.length} bytes; ${getAgain}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
  if (view.getUint16(0) !== 0) {
    throw new UserError(
      `${file}: magic number ${magic} is not IDX's 0x000008nn; is it an IDX file?`,
    );
  }
  if (bytes[2] !== unsignedByte) {
    throw new UserError(
      `${file}: magic number ${magic}: type code is not 0x08 (unsigned byte); convert it to uint8, or save it as NPY.`,
    );
  }
  const dimensions = bytes[3] as number;
  const expected = options.dimensions;
  if (dimensions === 0 || (expected !== undefined && dimensions !== expected)) {
    const wanted = expected === undefined ? 'at least 1' : `${expected}`;
    const hint = expected === 3 && dimensions === 1 ? ' (labels? give the images file)' : '';
    throw new UserError(
      `${file}: number of dimensions is ${dimensions}, ${wanted} expected${hint}; give another file.`,
    );
  }
  return readValues(bytes, view, dimensions, file);
}

function readValues(bytes: Uint8Array, view: DataView, dimensions: number, file: string): IdxArray {
  const start = 4 + 4 * dimensions;
  if (bytes.length < start) {
    throw new UserError(
      `${file}: dimensions: the header is cut short at ${bytes.length} of ${start} bytes; ${getAgain}.`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const wanted = start + sizeOf(shape);
  if (bytes.length !== wanted) {
    const problem =
      bytes.length < wanted
        ? `cut short: ${bytes.length} of ${wanted} bytes`
        : `${bytes.length - wanted} bytes too many after the last value`;
    throw new UserError(
      `${file}: values for shape [${shape.join(', ')}]: ${problem}; ${getAgain}.`,
    );
  }
  // A copy of its own: a Buffer's slice would be a view, and is no plain Uint8Array.
  return { shape, data: new Uint8Array(bytes.subarray(start)) };
}

/** Reads an IDX file, gzipped or not; see `decodeIdx`. */
export async function readIdx(
  path: string,
  options: { readonly dimensions?: number } = {},
): Promise<IdxArray> {
  return decodeIdx(await readBytes(path), path, options);
}

/**
 * Images `[count, 1, height, width]` with their labels, from an IDX file of images. Without
 * `labelsPath`, the labels are looked for beside it, under the name MNIST's files have
 * (`train-images-idx3-ubyte.gz` → `train-labels-idx1-ubyte.gz`), and may be absent.
 */
export async function idxExamples(
  path: string,
  options: ReadOptions & { readonly labelsPath?: string } = {},
): Promise<Examples> {
  refuseTestSplit(options.split, path);
  const images = await readIdx(path, { dimensions: 3 });
  const [count, height, width] = images.shape as [number, number, number];
  const examples = { count, shape: [1, height, width], ...inMemory(images.data, count) };
  const labelsPath = options.labelsPath ?? (await labelsBeside(path));
  if (labelsPath === undefined) return examples;
  const labels = await readIdx(labelsPath, { dimensions: 1 });
  if (labels.shape[0] !== count) {
    throw new UserError(
      `${labelsPath}: has ${labels.shape[0]} labels for the ${count} images of ${path}; give files of one set.`,
    );
  }
  return { ...examples, labels: labels.data };
}

async function labelsBeside(path: string): Promise<string | undefined> {
  const { dir, base } = parse(path);
  const name = base.replace(/images([-.])idx3/, 'labels$1idx1');
  if (name === base) return undefined;
  const stem = name.replace(/\.gz$/, '');
  for (const candidate of [name, stem, `${stem}.gz`]) {
    const found = await access(join(dir, candidate)).then(
      () => true,
      () => false,
    );
    if (found) return join(dir, candidate);
  }
  return undefined;
}
