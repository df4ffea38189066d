import { resolve } from 'node:path';
import { stoppable } from '../../progress.ts';
import type { Dataset, Taken, Values } from '../dataset.ts';
import { blocksOf } from '../examples.ts';
import { findNamedSet, type NamedSet } from '../registry.ts';
import { locateSet, type SetLocation } from './cache.ts';
import { type LoadOptions, loadDataset } from './load.ts';
import { partOf } from './named.ts';

/** What `mdensity data info` tells. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
  /** Of sequences: their letters. */
  readonly alphabet?: string;
  /** Examples in the part described. */
  readonly count: number;
  /** Shape of one example. */
  readonly shape: readonly number[];
  /** Classes in order of their index; `count` is absent where the set is not on this machine. */
  readonly classes?: readonly { readonly name: string; readonly count?: number }[];
  /** Of named sets: examples in each part. */
  readonly parts?: Readonly<Record<string, number>>;
  readonly authors?: string;
  readonly licence?: string;
  readonly source?: string;
  /** Where the files are; absent where they are not on this machine. */
  readonly location?: SetLocation | { readonly kind: 'path'; readonly folder: string };
  /** What of the source was taken, where there was something to choose. */
  readonly taken?: Taken;
  /** What the values say; absent where the set is not on this machine. */
  readonly values?: DatasetValues;
}

/** Figures of a data set's values; those of images are of pixel values in [0, 1]. */
export interface DatasetValues {
  readonly type: 'uint8' | 'float32';
  readonly mean: number;
  /** Standard deviation over all values of all examples. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** `Dataset.hash`. */
  readonly hash: string;
}

/**
 * Describes a named set or a path, loading it to count and measure; a named set that is not on this
 * machine is described by what is known of it.
 *
 * @throws UserError as `loadDataset` does.
 */
export async function describeDataset(spec: string, given: LoadOptions = {}): Promise<DatasetInfo> {
  const options = stoppable(given);
  const set = findNamedSet(spec);
  if (set === undefined) {
    const dataset = await loadDataset(spec, options);
    const location = { kind: 'path', folder: resolve(spec) } as const;
    return { ...(await describeLoaded(dataset, dataset.name, options)), location };
  }
  const known = describeNamed(set, partOf(set, options.split ?? 'train').count);
  const location = await locateSet(set);
  if (location === undefined) return known;
  const dataset = await loadDataset(spec, options);
  return { ...known, ...(await describeLoaded(dataset, set.title, options)), location };
}

function describeNamed(set: NamedSet, count: number): DatasetInfo {
  const { name, title, shape, authors, licence, source } = set;
  const parts = Object.fromEntries(
    Object.entries(set.parts).map(([split, part]) => [split, part.count]),
  );
  const classes = set.classes.map((className) => ({ name: className }));
  return { name, title, count, shape, classes, parts, authors, licence, source };
}

async function describeLoaded(
  dataset: Dataset,
  title: string,
  { onProgress }: LoadOptions,
): Promise<DatasetInfo> {
  const { name, count, shape, labels, classes, alphabet, taken } = dataset;
  const values = await measureDataset(dataset, (done) =>
    onProgress?.({ label: `measuring ${name}`, done, of: count, unit: 'examples' }),
  );
  const letters = alphabet && { alphabet: alphabet.letters };
  const info = { name, title, count, shape, ...letters, ...(taken && { taken }), values };
  if (labels === undefined || classes === undefined) return info;
  const counts = new Float64Array(classes.length);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return {
    ...info,
    classes: classes.map((className, i) => ({ name: className, count: counts[i] as number })),
  };
}

/**
 * Measures mean, standard deviation and range of a data set's values, bytes taken as value / 255.
 * Examples are read once, in blocks; `onProgress` is told how many.
 */
export async function measureDataset(
  dataset: Dataset,
  onProgress?: (done: number) => void,
): Promise<DatasetValues> {
  const { dtype: type, hash } = dataset;
  const blocks = blocksOf(dataset, onProgress);
  const { mean, squares, total, min, max } = await (type === 'uint8'
    ? measureBytes(blocks)
    : measureFloats(blocks));
  return { type, mean, std: Math.sqrt(squares / total), min, max, hash };
}

/** Figures of some values; `squares` is the sum of their squared distances from the mean. */
interface Figures {
  readonly total: number;
  readonly mean: number;
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}

async function measureBytes(blocks: AsyncIterable<Values>): Promise<Figures> {
  // There are only 256 bytes: count them, then measure those.
  const counts = new Float64Array(256);
  for await (const values of blocks) {
    for (let i = 0; i < values.length; i++) {
      counts[values[i] as number] = 1 + (counts[values[i] as number] as number);
    }
  }
  const levels = Float64Array.from(counts, (_, byte) => byte / 255);
  return measure(levels, counts);
}

async function measureFloats(blocks: AsyncIterable<Values>): Promise<Figures> {
  let all = nothing;
  for await (const values of blocks) all = joined(all, measure(values));
  return all;
}

const nothing: Figures = {
  total: 0,
  mean: 0,
  squares: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
};

/** Figures of two sets of values together (Chan, Golub & LeVeque 1983, equation 1.5). */
function joined(a: Figures, b: Figures): Figures {
  const total = a.total + b.total;
  const apart = b.mean - a.mean;
  return {
    total,
    mean: a.mean + (apart * b.total) / total,
    squares: a.squares + b.squares + (apart ** 2 * a.total * b.total) / total,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Figures of `values`, each taken `weights[i]` times. */
function measure(values: Values | Float64Array, weights?: Float64Array): Figures {
  let [total, sum, squares] = [0, 0, 0];
  let { min, max } = nothing;
  for (let i = 0; i < values.length; i++) {
    const weight = weights?.[i] ?? 1;
    const value = values[i] as number;
    if (weight === 0) continue;
    total += weight;
    sum += weight * value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / total;
  // A second pass: sums of squares lose the variance of values far from zero.
  for (let i = 0; i < values.length; i++) {
    squares += (weights?.[i] ?? 1) * ((values[i] as number) - mean) ** 2;
  }
  return { total, mean, squares, min, max };
}
