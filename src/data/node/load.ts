import { readdir, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UserError } from '../../errors.ts';
import { readError } from '../../files.ts';
import { didYouMean } from '../../nearest.ts';
import { stoppable } from '../../progress.ts';
import { listed, oneLine, quoted } from '../../quoted.ts';
import { type Dataset, pick } from '../dataset.ts';
import { type Examples, type ReadOptions, splits } from '../examples.ts';
import { hashDataset } from '../hash.ts';
import { findNamedSet, namedSets } from '../registry.ts';
import { describeTaken } from '../taken.ts';
import { npyExamples, npzExamples } from './arrays.ts';
import { cifar10Examples, isCifar10Name, isCifarFolder } from './cifar10.ts';
import { idxExamples } from './idx.ts';
import { idxFolderExamples, isIdxFolder } from './idx-folder.ts';
import { imageFolderExamples } from './images.ts';
import { readNamedSet } from './named.ts';
import { sequenceExamples } from './sequences/examples.ts';
import { isSequenceFile } from './sequences/formats.ts';
import { isTable, tableExamples } from './table.ts';

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
  readonly read: (
    path: string,
    options: ReadOptions,
    entries: readonly string[] | undefined,
  ) => Promise<Examples>;
  /** Options that only some formats know, which this one does. */
  readonly takes?: readonly Special[];
}

function fileNamed(pattern: RegExp): Format['matches'] {
  return (path, entries) => entries === undefined && pattern.test(basename(path));
}

/**
 * Every format a path may have; the first that matches reads it. `entries` are a folder's names.
 */
const formats: readonly Format[] = [
  { title: 'NPY', matches: fileNamed(/\.npy$/i), read: npyExamples },
  {
    title:
      'sequences (.fasta, .fa, .faa, .fna, .fas, .afa, .a2m, .a3m, .sto, .aln, gzipped or not)',
    matches: (path, entries) => entries === undefined && isSequenceFile(path) && !isTable(path),
    read: sequenceExamples,
    takes: ['sequences', 'tables'],
  },
  {
    title: 'tables of points or sequences (.csv, .tsv, gzipped or not)',
    matches: (path, entries) => entries === undefined && isTable(path),
    read: tableExamples,
    takes: ['sequences', 'tables'],
  },
  { title: 'NPZ', matches: fileNamed(/\.npz$/i), read: npzExamples, takes: ['arrays'] },
  {
    title:
      'CIFAR-10 or CIFAR-100, binary or Python (.bin, data_batch_1, a folder of them, .tar.gz)',
    matches: (path, entries) =>
      entries === undefined
        ? /\.(bin|tar|tgz|tar\.gz)$/i.test(path) || isCifar10Name(basename(path))
        : isCifarFolder(entries),
    read: cifar10Examples,
  },
  {
    title: 'IDX, gzipped or not (train-images-idx3-ubyte, a folder of them)',
    matches: (path, entries) =>
      entries === undefined
        ? /(idx\d.*|ubyte|\.idx|\.gz)$/i.test(basename(path))
        : isIdxFolder(entries),
    read: (path, options, entries) =>
      entries ? idxFolderExamples(path, entries, options) : idxExamples(path, options),
  },
  {
    title: 'a folder of images',
    matches: (_, entries) => entries !== undefined,
    read: imageFolderExamples,
    takes: ['images'],
  },
];

/**
 * Loads a data set: into memory, or, where it is an NPY file of more than `memoryLimit` bytes, to
 * be read from the file as it is used. Either way every example is read once, for the hash.
 *
 * `spec` is the name of a set (`mnist`, `digits8`, `mnist-full`, `fashion-mnist`, `cifar10`) or the
 * path of an IDX, NPY, NPZ, CIFAR, FASTA, alignment or CSV file, or of a folder of images or of IDX
 * files; a name
 * comes before a path, so write `./mnist` for a folder of that name. Images come as
 * `[channels, height, width]` bytes (floats in [0, 1] from a float array), points as `[d]` floats,
 * sequences as one-hot floats `[letters, length]`.
 *
 * @throws UserError, naming file, field and fix, for an unknown name (with the nearest), a set that
 *   is not on this machine, a file that is damaged, and options that the set can not meet; and the
 *   signal's reason, soon after it is aborted.
 *
 * @example
 * const digits = await loadDataset('mnist', { classes: ['3', '8'], limit: 500 });
 */
export async function loadDataset(spec: string, given: LoadOptions = {}): Promise<Dataset> {
  checkOptions(given);
  const options = stoppable(given);
  const set = findNamedSet(spec);
  if (set !== undefined) refuseOthers(spec, options, []);
  const all =
    set === undefined ? await readPath(spec, options) : await readNamedSet(set, options.split);
  const chosen = limited(withClasses(named(all), spec, options.classes), options.limit);
  const hash = await hashDataset(chosen, (done) =>
    options.onProgress?.({
      label: `checking ${spec}`,
      done,
      of: chosen.count,
      unit: 'examples',
    }),
  );
  const dataset = { name: set === undefined ? basename(resolve(spec)) : spec, ...chosen, hash };
  for (const line of describeTaken(dataset)) options.onNote?.(`${oneLine(spec)}: ${line}`);
  return dataset;
}

function checkOptions({ split, limit }: LoadOptions): void {
  if (split !== undefined && !splits.includes(split)) {
    throw new UserError(`split ${oneLine(split)}: give ${splits.join(', ')}.`, {
      facts: { option: 'split', value: split },
    });
  }
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new UserError(`limit ${limit}: give a whole number of examples, 1 or more.`, {
      facts: { option: 'limit', value: limit },
    });
  }
}

/** Options that only some formats know, and what those formats are. */
const special = {
  images: { options: ['size', 'channels'], what: 'folders of images only' },
  arrays: { options: ['array'], what: 'NPZ files only' },
  sequences: {
    options: ['alphabet', 'pad', 'aligned', 'unknown'],
    what: 'sequences only (FASTA, alignments, CSV or TSV files)',
  },
  tables: { options: ['column'], what: 'CSV and TSV files only' },
} as const;

type Special = keyof typeof special;

/**
 * Throws for an option that the source's format does not know: it would be passed over in silence.
 */
function refuseOthers(spec: string, options: ReadOptions, known: readonly Special[]): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const [kind, { options: names, what }] of Object.entries(special)) {
    const name = names.find((option) => given[option] !== undefined);
    if (name === undefined || known.includes(kind as Special)) continue;
    throw new UserError(`${spec}: ${name} is for ${what}; leave it out.`, {
      facts: { path: spec, option: name },
    });
  }
}

async function readPath(path: string, options: LoadOptions): Promise<Examples> {
  const entries = await entriesOf(path);
  const format = formats.find(({ matches }) => matches(path, entries));
  if (format === undefined) {
    const known = formats.map(({ title }) => title).join('; ');
    throw new UserError(`${path}: is of no format known by its name; give one of: ${known}.`, {
      code: 'unsupported',
      facts: { path, formats: formats.map(({ title }) => title) },
    });
  }
  refuseOthers(path, options, format.takes ?? []);
  const examples = await format.read(path, options, entries);
  if (examples.count === 0) {
    throw new UserError(`${path}: holds no examples; give more data.`, { facts: { path } });
  }
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
      `${quoted(path)} is no named data set and no file or folder.${didYouMean(path, names)} Known: ${names.join(', ')}.`,
      { code: 'not-found', facts: { name: path, names }, cause: error },
    );
  }
}

/** Gives classes that have no names their indices as names. */
function named(examples: Examples): Examples {
  const { labels, classes } = examples;
  if (labels === undefined) return examples;
  let highest = 0;
  for (const label of labels) highest = Math.max(highest, label);
  if (classes !== undefined) return examples;
  return { ...examples, classes: Array.from({ length: highest + 1 }, (_, i) => `${i}`) };
}

function withClasses(examples: Examples, spec: string, wanted: LoadOptions['classes']): Examples {
  if (wanted === undefined) return examples;
  const { labels, classes } = examples;
  if (labels === undefined || classes === undefined) {
    const why = examples.taken?.notes.find((note) => note.startsWith('labels are left out'));
    throw new UserError(`${spec}: has no classes${why ? ` (${why})` : ''}; leave out classes.`, {
      facts: { path: spec, option: 'classes' },
    });
  }
  const chosen = new Set(wanted.map((name) => classIndex(name, classes, spec)));
  const indices = [...labels.keys()].filter((i) => chosen.has(labels[i] as number));
  if (indices.length === 0) {
    throw new UserError(`${spec}: has no example of class ${wanted.join(', ')}; choose others.`, {
      code: 'not-found',
      facts: { path: spec, option: 'classes', classes: wanted },
    });
  }
  return pick(examples, indices);
}

function classIndex(wanted: string | number, classes: readonly string[], spec: string): number {
  const name = String(wanted);
  const byName = typeof wanted === 'string' ? classes.indexOf(name) : -1;
  if (byName >= 0) return byName;
  if (/^\d+$/.test(name) && Number(name) < classes.length) return Number(name);
  throw new UserError(
    `${spec}: has no class ${quoted(name)}.${didYouMean(name, classes)} Known: ${listed(classes, 100)}.`,
    { code: 'not-found', facts: { path: spec, option: 'classes', name, classes } },
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
