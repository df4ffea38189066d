import { resolve } from 'node:path';
import type { Dataset } from '../train/dataset.ts';
import { locateSet, type SetLocation } from './cache.ts';
import { type LoadOptions, loadDataset } from './load.ts';
import { partOf } from './named.ts';
import { findNamedSet, type NamedSet } from './registry.ts';

/** What `mdensity data info` tells. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
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
 * Describes a named set or a path, loading it to count and measure; a named set that is not on this machine
 * is described by what is known of it. Throws `UserError` as `loadDataset` does.
 */
export async function describeDataset(
  spec: string,
  options: LoadOptions = {},
): Promise<DatasetInfo> {
  const set = findNamedSet(spec);
  if (set === undefined) {
    const dataset = await loadDataset(spec, options);
    const location = { kind: 'path', folder: resolve(spec) } as const;
    return { ...describeLoaded(dataset, dataset.name), location };
  }
  const known = describeNamed(set, partOf(set, options.split ?? 'train').count);
  const location = await locateSet(set);
  if (location === undefined) return known;
  return { ...known, ...describeLoaded(await loadDataset(spec, options), set.title), location };
}

function describeNamed(set: NamedSet, count: number): DatasetInfo {
  const { name, title, shape, authors, licence, source } = set;
  const parts = Object.fromEntries(
    Object.entries(set.parts).map(([split, part]) => [split, part.count]),
  );
  const classes = set.classes.map((className) => ({ name: className }));
  return { name, title, count, shape, classes, parts, authors, licence, source };
}

function describeLoaded(dataset: Dataset, title: string): DatasetInfo {
  const { name, count, shape, labels, classes } = dataset;
  const info = { name, title, count, shape, values: measureDataset(dataset) };
  if (labels === undefined || classes === undefined) return info;
  const counts = new Uint32Array(256);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return {
    ...info,
    classes: classes.map((className, i) => ({ name: className, count: counts[i] as number })),
  };
}

/** Mean, standard deviation and range of a data set's values, bytes taken as value / 255. */
export function measureDataset({ data, hash }: Dataset): DatasetValues {
  if (data instanceof Uint8Array) {
    // There are only 256 bytes: count them, then measure those.
    const counts = new Float64Array(256);
    for (let i = 0; i < data.length; i++)
      counts[data[i] as number] = 1 + (counts[data[i] as number] as number);
    const levels = Float64Array.from(counts, (_, byte) => byte / 255);
    return { type: 'uint8', ...measure(levels, counts), hash };
  }
  return { type: 'float32', ...measure(data), hash };
}

/** Figures of `values`, each taken `weights[i]` times. */
function measure(
  values: Float32Array | Float64Array,
  weights?: Float64Array,
): Omit<DatasetValues, 'type' | 'hash'> {
  let [total, sum, squares] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
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
  return { mean, std: Math.sqrt(squares / total), min, max };
}
