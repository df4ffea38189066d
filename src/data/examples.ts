import { pause } from '../pause.ts';
import type { Work } from '../progress.ts';
import type { Padding } from './alphabets.ts';
import { allocate, type Dataset, type Values } from './dataset.ts';
import { sizeOf } from './shape.ts';

/** What a format's reader gives: a `Dataset` that has no name and no hash yet. */
export type Examples = Omit<Dataset, 'name' | 'hash'>;

/** Which part of a set: examples to train on, to choose settings by, or to test on. */
export type Split = 'train' | 'val' | 'test';

export const splits: readonly Split[] = ['train', 'val', 'test'];

/** What is made of letters that are not in the alphabet, such as X, B, Z or `*`. */
export type UnknownLetters = 'refuse' | 'drop' | 'mask';

/** What a format's reader may be asked. A reader ignores what its format can not do. */
export interface ReadOptions extends Work {
  /** Part to read, where the source has parts. Default `train`. */
  readonly split?: Split | undefined;
  /** Image folders: resize to `size × size` pixels, cutting the longer side about its centre. */
  readonly size?: number | undefined;
  /** Image folders: 1 for grey, 3 for colour. Default: as the files have it. */
  readonly channels?: 1 | 3 | undefined;
  /** NPZ: the array of examples, where its name does not say that it is. */
  readonly array?: string | undefined;
  /** Sequences: `dna`, `rna`, `protein`, or the letters themselves. */
  readonly alphabet?: string | undefined;
  /** Sequences: `end` fills the shorter ones with gap letters behind their end. Default `none`. */
  readonly pad?: Padding | undefined;
  /**
   * Sequences: true reads gaps as letters, of an alignment; false removes them. Default: true for
   * formats of alignments; a gap in another file is an error.
   */
  readonly aligned?: boolean | undefined;
  /**
   * Sequences: what is made of letters outside the alphabet, such as X. `drop` leaves out the
   * sequence, `mask` makes all letters as likely. Default `refuse`.
   */
  readonly unknown?: UnknownLetters | undefined;
  /** Sequences in a table: its column. Default: the one called `sequence`, or the only one. */
  readonly column?: string | undefined;
  /**
   * NPY: a file of more bytes stays on the disk and is read example by example. Default 256 MiB.
   */
  readonly memoryLimit?: number | undefined;
}

/**
 * Reads the values of all examples in order, a block of whole examples at a time. The next block is
 * written over the last. `onProgress` is told after each block, and other work has its turn.
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
    await pause();
  }
}

const blockValues = 1 << 20;
