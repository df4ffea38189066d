import { setImmediate } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { allocate, type Dataset, type Values } from '../train/dataset.ts';
import type { Padding } from './sequences/alphabets.ts';
import { sizeOf } from './shape.ts';

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
  /** Sequences: `dna`, `rna`, `protein`, or the letters themselves. */
  readonly alphabet?: string | undefined;
  /** Sequences: `end` fills the shorter ones with gap letters behind their end. Default `none`. */
  readonly pad?: Padding | undefined;
  /** Sequences in a table: its column. Default: the one called `sequence`, or the only one. */
  readonly column?: string | undefined;
  /** NPY: a file of more bytes stays on the disk and is read example by example. Default 256 MiB. */
  readonly memoryLimit?: number | undefined;
  /** Told now and then what work has come how far. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** How far the work on a data set has come, in examples. */
export interface LoadProgress {
  /** `reading`: decoding images; `checking`: the hash, and float values; `measuring`: mean and range. */
  readonly stage: 'reading' | 'checking' | 'measuring';
  readonly done: number;
  readonly total: number;
}

/** Throws where a source without parts is asked for its test part: silently giving all would be wrong. */
export function refuseTestSplit(split: Split | undefined, where: string): void {
  if (split === 'test') {
    throw new UserError(`${where}: has one part, no test split; leave out --split test.`);
  }
}

/**
 * The values of all examples in order, a block of whole examples at a time. The next block is written over
 * the last. `onProgress` is told after each block, and other work has its turn.
 */
export async function* blocksOf(
  { count, shape, dtype, read }: Omit<Examples, 'labels' | 'classes'>,
  onProgress?: (done: number) => void,
): AsyncGenerator<Values> {
  const size = sizeOf(shape);
  const rows = Math.min(count, Math.max(1, Math.floor(blockValues / size)));
  const block = allocate(dtype, rows * size);
  for (let start = 0; start < count; start += rows) {
    const here = Math.min(rows, count - start);
    for (let i = 0; i < here; i++) read(start + i, block, i * size);
    yield block.subarray(0, here * size);
    onProgress?.(start + here);
    await setImmediate();
  }
}

const blockValues = 1 << 20;
