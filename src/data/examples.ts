import { UserError } from '../errors.ts';
import type { Dataset } from '../train/dataset.ts';

/** What a format's reader gives: a `Dataset` that has no name and no hash yet. */
export type Examples = Omit<Dataset, 'name' | 'hash'>;

/** Which part of a set: its training or its test examples. */
export type Split = 'train' | 'test';

export const splits: readonly Split[] = ['train', 'test'];

/** What a format's reader may be asked. A reader ignores what its format can not do. */
export interface ReadOptions {
  /** Part to read, where the source has parts. Default `train`. */
  readonly split?: Split | undefined;
  /** Image folders: resize to `size × size` pixels, cutting the longer side about its centre. */
  readonly size?: number | undefined;
  /** Image folders: 1 for grey, 3 for colour. Default: as the files have it. */
  readonly channels?: 1 | 3 | undefined;
}

/** Throws where a source without parts is asked for its test part: silently giving all would be wrong. */
export function refuseTestSplit(split: Split | undefined, where: string): void {
  if (split === 'test') {
    throw new UserError(`${where}: has one part, no test split; leave out --split test.`);
  }
}

/** Number of values in a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The examples at `indices`, in that order, copied. */
export function pick(examples: Examples, indices: readonly number[]): Examples {
  const size = sizeOf(examples.shape);
  const length = indices.length * size;
  const data =
    examples.data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  for (const [to, from] of indices.entries()) {
    data.set(examples.data.subarray(from * size, (from + 1) * size), to * size);
  }
  const { labels } = examples;
  const picked = { ...examples, count: indices.length, data };
  return labels === undefined
    ? picked
    : { ...picked, labels: Uint8Array.from(indices, (i) => labels[i] as number) };
}
