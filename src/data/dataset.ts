import { mapInto } from '../map-into.ts';
import type { Alphabet } from './alphabet.ts';
import { sizeOf } from './shape.ts';

/**
 * Values of examples. Bytes hold images 0..255, scaled to [0, 1] as batches are made; floats are
 * used as they are.
 */
export type Values = Uint8Array | Float32Array;

/** Class index of each example. */
export type Labels = Uint8Array | Uint16Array | Uint32Array;

/**
 * What of a source was taken as the data, and what was not: said, because a wrong choice goes
 * unnoticed.
 */
export interface Taken {
  /** Part of the source, where it has parts. */
  readonly part?: string;
  /** What the examples come from, such as the name of an array. */
  readonly examples: string;
  /** What the labels come from. */
  readonly labels?: string;
  /** What was passed over, such as arrays of other parts and files that are no images. */
  readonly passedOver: readonly string[];
  /** Other choices that were made, a line each. */
  readonly notes: readonly string[];
}

/** A sequence as its file has it. */
export interface NamedSequence {
  readonly name: string;
  readonly sequence: string;
}

/** Examples to learn from, read one at a time: they need not fit in memory. */
export interface Dataset {
  readonly name: string;
  readonly count: number;
  /**
   * Shape of one example: `[channels, height, width]` for images, `[d]` for points,
   * `[letters, length]` for sequences.
   */
  readonly shape: readonly number[];
  /** What `read` writes: `Uint8Array` or `Float32Array`; see `Values`. */
  readonly dtype: 'uint8' | 'float32';
  /**
   * Writes example `index`, row-major, to `into` from `offset` on. `into` is of the set's `dtype`.
   * @throws UserError if the examples are kept in a file that has changed since it was opened.
   */
  readonly read: (index: number, into: Values, offset: number) => void;
  /** Class index of each example, where the set has classes. */
  readonly labels?: Labels;
  /** Name of each class. */
  readonly classes?: readonly string[];
  /** A vector beside each example, `[count, k]`: a condition that a model may be trained under. */
  readonly vectors?: Float32Array;
  /** What the first axis means, of one-hot sequences. */
  readonly alphabet?: Alphabet;
  /** Of sequences: name and letters of one, unknown ones as `?`. */
  readonly record?: (index: number) => NamedSequence;
  /** What of its source the set is made of, where there was something to choose. */
  readonly taken?: Taken;
  /** SHA-256 (hex) of shape and values: what a run records to know its data again. */
  readonly hash: string;
}

/**
 * Makes the part of a data set that gives values, over `count` examples in memory: row-major
 * `[count, ...shape]`.
 */
export function inMemory(data: Values, count: number): Pick<Dataset, 'dtype' | 'read'> {
  const size = data.length / count;
  return {
    dtype: data instanceof Uint8Array ? 'uint8' : 'float32',
    read: (index, into, offset) =>
      into.set(data.subarray(index * size, (index + 1) * size), offset),
  };
}

/** Allocates zeros to read examples into. */
export function allocate(dtype: Dataset['dtype'], length: number): Values {
  return dtype === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
}

/** What reading takes of a data set. */
type Readable = Pick<Dataset, 'count' | 'shape' | 'dtype' | 'read'>;

/**
 * Reads the values of all examples, row-major `[count, ...shape]`: only for sets that are known to
 * be small.
 */
export function readAll({ count, shape, dtype, read }: Readable): Values {
  const size = sizeOf(shape);
  const data = allocate(dtype, count * size);
  for (let i = 0; i < count; i++) read(i, data, i * size);
  return data;
}

/** Reads the values of all examples as a network sees them: bytes scaled to [0, 1]. */
export function readAllScaled(examples: Readable): Float32Array {
  const data = readAll(examples);
  return data instanceof Uint8Array
    ? mapInto(new Float32Array(data.length), data, (byte) => byte / 255)
    : data;
}

/** Picks the examples at `indices`, in that order: a view of the same values. */
export function pick<T extends Pick<Dataset, 'count' | 'read' | 'labels' | 'vectors' | 'record'>>(
  examples: T,
  indices: ArrayLike<number>,
): T {
  const { labels, vectors, read, record } = examples;
  return {
    ...examples,
    count: indices.length,
    read: (index, into, offset) => read(indices[index]!, into, offset),
    ...(labels && { labels: pickLabels(labels, indices) }),
    ...(vectors && { vectors: rowsAt(vectors, vectors.length / examples.count, indices) }),
    ...(record && { record: (index: number) => record(indices[index]!) }),
  };
}

/** Rows of `width` values at `indices`, in that order. */
function rowsAt(values: Float32Array, width: number, indices: ArrayLike<number>): Float32Array {
  const rows = new Float32Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    rows.set(values.subarray(indices[i]! * width, (indices[i]! + 1) * width), i * width);
  }
  return rows;
}

function pickLabels(labels: Labels, indices: ArrayLike<number>): Labels {
  const picked = new (labels.constructor as Uint32ArrayConstructor)(indices.length);
  for (let i = 0; i < indices.length; i++) picked[i] = labels[indices[i]!]!;
  return picked;
}

/** Finds the largest class index; 0 where there is none. */
export function largestOf(labels: Labels): number {
  let largest = 0;
  for (const label of labels) largest = Math.max(largest, label);
  return largest;
}

/** Keeps class indices in as few bytes as they need. */
export function labelsOf(indices: readonly number[]): Labels {
  const highest = indices.reduce((a, b) => Math.max(a, b), 0);
  if (highest < 2 ** 8) return Uint8Array.from(indices);
  return highest < 2 ** 16 ? Uint16Array.from(indices) : Uint32Array.from(indices);
}
