import { permutation, randomKey } from '../random.ts';

/** How well samples conform to a reference, as p-values of conformal prediction. */
export interface Conformity {
  /** Of each sample, in (0, 1]: small where hardly any of the reference is as unlikely. */
  readonly scores: Float64Array;
  /** Their mean: about 1/2 for samples that are distributed as the reference. */
  readonly mean: number;
  /** Reference examples that the density was made of, and those that scores are ranked among. */
  readonly fitted: number;
  readonly calibration: number;
}

export interface ConformityOptions {
  /** Chooses which half of the reference the density is made of. Default 0. */
  readonly seed?: number;
}

/**
 * Computes the distributional conformity score of samples, by descriptors `[n, d]` such as length
 * and composition (Frey et al. 2024, “Protein Discovery with Discrete Walk–Jump Sampling”; split
 * conformal prediction of Vovk, Gammerman & Shafer 2005). A Gaussian kernel density is made of one
 * half of the reference; a sample's score is (1 + number of the other half that are no more likely
 * than it) / (1 + size of that half). Scores of samples that are distributed as the reference are
 * uniform, whatever the density is worth.
 *
 * @throws RangeError for fewer than four reference examples, no samples, and rows of other widths.
 */
export function conformity(
  samples: readonly (readonly number[])[],
  reference: readonly (readonly number[])[],
  { seed = 0 }: ConformityOptions = {},
): Conformity {
  const width = reference[0]?.length ?? 0;
  if (reference.length < 4 || samples.length === 0 || width === 0) {
    throw new RangeError('conformity needs samples and four reference examples or more');
  }
  if ([...samples, ...reference].some((row) => row.length !== width)) {
    throw new RangeError(`descriptors are not all of ${width} numbers`);
  }
  const order = permutation(randomKey(seed), reference.length);
  const half = reference.length >> 1;
  const fitted = Array.from(order.subarray(0, half), (i) => reference[i]!);
  const density = kernelDensity(fitted);
  const calibration = Array.from(order.subarray(half), (i) => density(reference[i]!)).sort(
    (a, b) => a - b,
  );
  const scores = Float64Array.from(samples, (row) => {
    const below = upperBound(calibration, density(row));
    return (1 + below) / (1 + calibration.length);
  });
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { scores, mean, fitted: half, calibration: calibration.length };
}

/** Numbers of the sorted list that are at most `value`. */
function upperBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The logarithm, up to a constant, of a product-kernel density: each descriptor is divided by its
 * deviation and smoothed by Scott's n^(−1/(d+4)) (Scott 1992); one that does not vary counts as it
 * is.
 */
function kernelDensity(rows: readonly (readonly number[])[]): (row: readonly number[]) => number {
  const count = rows.length;
  const width = rows[0]!.length;
  const bandwidth = count ** (-1 / (width + 4));
  const scales = Array.from({ length: width }, (_, j) => {
    const mean = rows.reduce((sum, row) => sum + row[j]!, 0) / count;
    const variance = rows.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / count;
    return 1 / (bandwidth * (variance > 0 ? Math.sqrt(variance) : 1));
  });
  return (row) => {
    const exponents = rows.map((other) => {
      let squares = 0;
      for (let j = 0; j < width; j++) squares += ((row[j]! - other[j]!) * scales[j]!) ** 2;
      return -squares / 2;
    });
    const highest = exponents.reduce((a, b) => Math.max(a, b));
    return highest + Math.log(exponents.reduce((sum, e) => sum + Math.exp(e - highest), 0));
  };
}

/**
 * Computes descriptors of a sequence for `conformity`: its length, then the share of each letter.
 */
export function compositionOf(sequence: string, letters: string): number[] {
  const all = [...letters];
  const counts = new Map(all.map((letter) => [letter, 0]));
  let length = 0;
  for (const letter of sequence) {
    const count = counts.get(letter);
    if (count === undefined) continue;
    counts.set(letter, count + 1);
    length++;
  }
  return [length, ...all.map((letter) => (length === 0 ? 0 : counts.get(letter)! / length))];
}
