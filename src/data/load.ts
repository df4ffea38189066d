import { readdir, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { readError } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import { type Dataset, pick } from '../train/dataset.ts';
import { npyExamples, npzExamples } from './arrays.ts';
import { cifar10Examples, isCifar10Name } from './cifar10.ts';
import { type Examples, type ReadOptions, splits } from './examples.ts';
import { hashDataset } from './hash.ts';
import { idxExamples } from './idx.ts';
import { imageFolderExamples } from './images.ts';
import { readNamedSet } from './named.ts';
import { findNamedSet, namedSets } from './registry.ts';
import { isSequenceFile, sequenceExamples } from './sequences/examples.ts';

/** What to load of a data set. */
export interface LoadOptions extends ReadOptions {
  /** At most this many examples, evenly spread over the set: sets are often sorted by class. */
  readonly limit?: number | undefined;
  /** Only these classes, by name or by index. Labels keep their indices. */
  readonly classes?: readonly (string | number)[] | undefined;
}

interface Format {
  readonly title: string;
  readonly matches: (path: string, entries: readonly string[] | undefined) => boolean;
  readonly read: (path: string, options: ReadOptions) => Promise<Examples>;
}

function fileNamed(pattern: RegExp): Format['matches'] {
  return (path, entries) => entries === undefined && pattern.test(basename(path));
}

/** Every format a path may have; the first that matches reads it. `entries` are a folder's names. */
const formats: readonly Format[] = [
  { title: 'NPY', matches: fileNamed(/\.npy$/i), read: npyExamples },
  {
    title: 'sequences (.fasta, .fa, .faa, .fna, .csv, .tsv, gzipped or not)',
    matches: (path, entries) => entries === undefined && isSequenceFile(path),
    read: sequenceExamples,
  },
  { title: 'NPZ', matches: fileNamed(/\.npz$/i), read: npzExamples },
  {
    title: 'CIFAR-10, binary or Python (.bin, data_batch_1, a folder of them, .tar.gz)',
    matches: (path, entries) =>
      entries === undefined
        ? /\.(bin|tar|tgz|tar\.gz)$/i.test(path) || isCifar10Name(basename(path))
        : entries.some(isCifar10Name),
    read: cifar10Examples,
  },
  {
    title: 'IDX, gzipped or not',
    matches: fileNamed(/(idx\d.*|ubyte|\.idx|\.gz)$/i),
    read: idxExamples,
  },
  {
    title: 'a folder of images',
    matches: (_, entries) => entries !== undefined,
    read: imageFolderExamples,
  },
];

/**
 * Loads a data set: into memory, or, where it is an NPY file of more than `memoryLimit` bytes, to be read
 * from the file as it is used. Either way every example is read once, for the hash.
 *
 * `spec` is the name of a set (`mnist`, `digits8`, `mnist-full`, `fashion-mnist`, `cifar10`) or the path
 * of an IDX, NPY, NPZ, CIFAR-10, FASTA or CSV file, or of a folder of images; a name comes before a path, so write
 * `./mnist` for a folder of that name. Images come as `[channels, height, width]` bytes (floats in [0, 1]
 * from a float array), points as `[d]` floats, sequences as one-hot floats `[letters, length]`.
 *
 * Throws `UserError`, naming file, field and fix, for an unknown name (with the nearest), a set that is
 * not on this machine, a file that is damaged, and options that the set can not meet.
 *
 * @example
 * const digits = await loadDataset('mnist', { classes: ['3', '8'], limit: 500 });
 */
export async function loadDataset(spec: string, options: LoadOptions = {}): Promise<Dataset> {
  checkOptions(options);
  const set = findNamedSet(spec);
  if (set !== undefined) {
    refuseImageOptions(spec, options);
    refuseSequenceOptions(spec, options);
  }
  const all =
    set === undefined ? await readPath(spec, options) : await readNamedSet(set, options.split);
  const chosen = limited(withClasses(named(all), spec, options.classes), options.limit);
  const { count: total } = chosen;
  const hash = await hashDataset(chosen, (done) =>
    options.onProgress?.({ stage: 'checking', done, total }),
  );
  return { name: set === undefined ? basename(resolve(spec)) : spec, ...chosen, hash };
}

function checkOptions({ split, limit }: LoadOptions): void {
  if (split !== undefined && !splits.includes(split)) {
    throw new UserError(`--split ${split}: give train or test.`);
  }
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new UserError(`--limit ${limit}: give a whole number of examples, 1 or more.`);
  }
}

function refuseImageOptions(spec: string, { size, channels }: ReadOptions): void {
  if (size === undefined && channels === undefined) return;
  const option = size === undefined ? 'channels' : 'size';
  throw new UserError(`${spec}: --${option} is for folders of images only; leave it out.`);
}

function refuseSequenceOptions(spec: string, { alphabet, pad, column }: ReadOptions): void {
  const given = Object.entries({ alphabet, pad, column }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new UserError(
    `${spec}: --${given[0]} is for sequences only (FASTA, CSV or TSV files); leave it out.`,
  );
}

async function readPath(path: string, options: LoadOptions): Promise<Examples> {
  const entries = await entriesOf(path);
  const format = formats.find(({ matches }) => matches(path, entries));
  if (format === undefined) {
    const known = formats.map(({ title }) => title).join('; ');
    throw new UserError(`${path}: is of no format known by its name; give one of: ${known}.`);
  }
  if (format.read !== imageFolderExamples) refuseImageOptions(path, options);
  if (format.read !== sequenceExamples) refuseSequenceOptions(path, options);
  const examples = await format.read(path, options);
  if (examples.count === 0) throw new UserError(`${path}: holds no examples; give more data.`);
  return examples;
}

/** Names in a folder, `undefined` for a file. */
async function entriesOf(path: string): Promise<string[] | undefined> {
  try {
    return (await stat(path)).isDirectory() ? await readdir(path) : undefined;
  } catch (error) {
    if (/[\\/.]/.test(path)) throw readError(error, path);
    const names = namedSets.map(({ name }) => name);
    throw new UserError(
      `"${path}" is no named data set and no file or folder.${didYouMean(path, names)} Known: ${names.join(', ')}.`,
      { cause: error },
    );
  }
}

/** Gives classes that have no names their indices as names. */
function named(examples: Examples): Examples {
  const { labels, classes } = examples;
  if (labels === undefined) return examples;
  const highest = labels.reduce((a, b) => Math.max(a, b), 0);
  if (classes !== undefined) return examples;
  return { ...examples, classes: Array.from({ length: highest + 1 }, (_, i) => `${i}`) };
}

function withClasses(examples: Examples, spec: string, wanted: LoadOptions['classes']): Examples {
  if (wanted === undefined) return examples;
  const { labels, classes } = examples;
  if (labels === undefined || classes === undefined) {
    throw new UserError(`${spec}: has no classes; leave out --classes.`);
  }
  const chosen = new Set(wanted.map((name) => classIndex(name, classes, spec)));
  const indices = [...labels.keys()].filter((i) => chosen.has(labels[i] as number));
  if (indices.length === 0) {
    throw new UserError(`${spec}: has no example of class ${wanted.join(', ')}; choose others.`);
  }
  return pick(examples, indices);
}

function classIndex(wanted: string | number, classes: readonly string[], spec: string): number {
  const name = String(wanted);
  const byName = typeof wanted === 'string' ? classes.indexOf(name) : -1;
  if (byName >= 0) return byName;
  if (/^\d+$/.test(name) && Number(name) < classes.length) return Number(name);
  throw new UserError(
    `${spec}: has no class "${name}".${didYouMean(name, classes)} Known: ${classes.join(', ')}.`,
  );
}

function limited(examples: Examples, limit: number | undefined): Examples {
  const { count } = examples;
  if (limit === undefined || limit >= count) return examples;
  return pick(
    examples,
    Array.from({ length: limit }, (_, i) => Math.floor((i * count) / limit)),
  );
}
