import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../errors.ts';
import { readError } from '../../files.ts';
import {
  decodeNpyHeader,
  type NpyArray,
  type NpyHeader,
  type NpyType,
  npyArrays,
  toNativeOrder,
  valuesOf,
} from '../npy-decode.ts';
import { sizeOf } from '../shape.ts';

/** An array read a row at a time, a row being what one index of its first dimension holds. */
export interface NpyRows {
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  /** Row `index`, row-major; valid until the next call. */
  readonly row: (index: number) => NpyArray['data'];
}

/**
 * More than any header that mdensity reads, and what is read ahead when rows are asked for in
 * order.
 */
const blockBytes = 1 << 20;

/** Gives the rows of an array in memory. */
export function memoryRows({ dtype, shape, data }: NpyArray): NpyRows {
  const size = sizeOf(shape.slice(1));
  return { dtype, shape, row: (index) => data.subarray(index * size, (index + 1) * size) };
}

/** Files are closed when nothing can read from them any more. */
const openFiles = new FinalizationRegistry<number>(closeSync);

/**
 * Opens an NPY file to read its rows from the disk; the system keeps in memory what it has room
 * for.
 *
 * @throws UserError for all that `decodeNpy` refuses; `row` throws it if the file has become
 *   shorter.
 */
export function openNpyRows(path: string): NpyRows {
  const descriptor = open(path);
  const header = readHeader(descriptor, path);
  const { dtype, shape } = header;
  if (header.columnMajor && shape.length > 1) {
    closeSync(descriptor);
    throw new UserError(
      `${path}: is in Fortran order, whose examples cannot be read one by one, and too large to be turned in memory; save numpy.ascontiguousarray(array).`,
      { code: 'unsupported', facts: { path } },
    );
  }
  const [count = 0, ...rest] = shape;
  const Values = npyArrays[dtype];
  const size = sizeOf(rest);
  const rowBytes = size * Values.BYTES_PER_ELEMENT;
  const block = new ArrayBuffer(Math.max(rowBytes, blockBytes - (blockBytes % rowBytes)));
  const values = new Values(block);
  // The rows from `first` up to `end` are in the block.
  let [first, end, last] = [0, 0, -1];
  const row = (index: number) => {
    if (index < first || index >= end) {
      // One after another: as many as the block holds. In any order, as batches are: just the one.
      const rows = index === last + 1 ? Math.min(block.byteLength / rowBytes, count - index) : 1;
      const bytes = Buffer.from(block, 0, rows * rowBytes);
      end = first;
      readFully(descriptor, bytes, header.start + index * rowBytes, path);
      toNativeOrder(bytes, header);
      [first, end] = [index, index + rows];
    }
    last = index;
    return valuesOf(values.subarray((index - first) * size, (index - first + 1) * size), header);
  };
  openFiles.register(row, descriptor);
  return { dtype, shape, row };
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw readError(error, path);
  }
}

function readHeader(descriptor: number, path: string): NpyHeader {
  try {
    const bytes = Buffer.alloc(blockBytes);
    const count = readSync(descriptor, bytes, 0, blockBytes, 0);
    return decodeNpyHeader(bytes.subarray(0, count), fstatSync(descriptor).size, path);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function readFully(descriptor: number, bytes: Buffer, position: number, path: string): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (count === 0) {
      throw new UserError(
        `${path}: has become shorter while it was in use; put the whole file back and run the same command again.`,
        { code: 'unreadable', facts: { path } },
      );
    }
    done += count;
  }
}
