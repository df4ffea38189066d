import type { Alphabet } from '../model/index.ts';

/** Values of examples. Bytes hold images 0..255, scaled to [0, 1] as batches are made; floats are used as they are. */
export type Values = Uint8Array | Float32Array;

/** Examples to learn from, read one at a time: they need not fit in memory. */
export interface Dataset {
  readonly name: string;
  readonly count: number;
  /** Shape of one example: `[channels, height, width]` for images, `[d]` for points, `[letters, length]` for sequences. */
  readonly shape: readonly number[];
  /** What `read` writes: `Uint8Array` or `Float32Array`; see `Values`. */
  readonly dtype: 'uint8' | 'float32';
  /**
   * Writes example `index`, row-major, to `into` from `offset` on. `into` is of the set's `dtype`.
   * @throws UserError if the examples are kept in a file that has changed since it was opened.
   */
  readonly read: (index: number, into: Values, offset: number) => void;
  /** Class index of each example, where the set has classes. */
  readonly labels?: Uint8Array;
  /** Name of each class. */
  readonly classes?: readonly string[];
  /** What the first axis means, of one-hot sequences. */
  readonly alphabet?: Alphabet;
  /** SHA-256 (hex) of shape and values: what a run records to know its data again. */
  readonly hash: string;
}

/** The part of a data set that gives values, over `count` examples in memory: row-major `[count, ...shape]`. */
export function inMemory(data: Values, count: number): Pick<Dataset, 'dtype' | 'read'> {
  const size = data.length / count;
  return {
    dtype: data instanceof Uint8Array ? 'uint8' : 'float32',
    read: (index, into, offset) =>
      into.set(data.subarray(index * size, (index + 1) * size), offset),
  };
}

/** Zeros to read examples into. */
export function allocate(dtype: Dataset['dtype'], length: number): Values {
  return dtype === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
}

/** What reading takes of a data set. */
type Readable = Pick<Dataset, 'count' | 'shape' | 'dtype' | 'read'>;

/** The values of all examples, row-major `[count, ...shape]`: only for sets that are known to be small. */
export function readAll({ count, shape, dtype, read }: Readable): Values {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = allocate(dtype, count * size);
  for (let i = 0; i < count; i++) read(i, data, i * size);
  return data;
}

/** The same as a network sees them: bytes scaled to [0, 1]. */
export function readAllScaled(examples: Readable): Float32Array {
  const data = readAll(examples);
  return data instanceof Uint8Array ? Float32Array.from(data, (byte) => byte / 255) : data;
}

/** The examples at `indices`, in that order: a view of the same values. */
export function pick<T extends Pick<Dataset, 'count' | 'read' | 'labels'>>(
  examples: T,
  indices: ArrayLike<number>,
): T {
  const { labels, read } = examples;
  return {
    ...examples,
    count: indices.length,
    read: (index, into, offset) => read(indices[index]!, into, offset),
    ...(labels && { labels: Uint8Array.from(indices, (index) => labels[index]!) }),
  };
}
