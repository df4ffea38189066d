import { checkWhole } from '../checks.ts';
import { permutation, randomKey } from '../random.ts';
import { checkFeatures, type EngineOptions } from './feature-sets.ts';
import { forEachProduct } from './pairwise.ts';

export interface KernelDistanceOptions extends EngineOptions {
  /** S, the subsets to average over. Default 100. */
  readonly subsets?: number;
  /** n, the examples of a subset on either side. Default 1,000, or half of the smaller set. */
  readonly subsetSize?: number;
  /** Of the subsets. Default 0. */
  readonly seed?: number;
}

export interface KernelDistance {
  /**
   * Average of the unbiased estimates; 0 on average where the laws are equal, so it can be below.
   */
  readonly mean: number;
  /** Standard error of `mean` as an estimate for the laws, not for these examples alone. */
  readonly standardError: number;
  /** Standard deviation of the estimates, what other programs print beside KID. */
  readonly standardDeviation: number;
  readonly subsets: number;
  readonly subsetSize: number;
}

/**
 * Estimates the kernel distance of Bińkowski, Sutherland, Arbel & Gretton 2018, "Demystifying MMD
 * GANs", section 4.3 (of Inception features it is KID): squared maximum mean discrepancy with the
 * kernel (xᵀy/D + 1)³, its unbiased estimate averaged over random subsets, each drawn without
 * repetition.
 *
 * The subsets overlap, so their spread alone says too little of the examples being few. The
 * standard error is that of the delete-d jackknife (Shao & Wu 1989, equation 1.4), n/(N − n) times
 * the variance of the estimates, N the smaller set, and of the average over S: s √(n/(N − n) +
 * 1/S). Cautious where the laws are equal. Examples count as independent: draws of one chain are
 * not, and their error is larger.
 *
 * @param a features `[N, D]`.
 * @param b features `[M, D]`.
 * @throws UserError for fewer than 4 examples, a partial row, a number that is not finite, or a
 * subset that is no smaller than the sets.
 */
export async function kernelDistance(
  a: Float32Array,
  b: Float32Array,
  dimension: number,
  { subsets = 100, subsetSize, seed = 0, threads }: KernelDistanceOptions = {},
): Promise<KernelDistance> {
  const counts = [
    checkFeatures('kernelDistance: a', a, dimension, 4),
    checkFeatures('kernelDistance: b', b, dimension, 4),
  ] as const;
  const fewest = Math.min(...counts);
  const size = subsetSize ?? Math.min(1000, Math.floor(fewest / 2));
  checkWhole('subsets', subsets, 2, 1e6);
  checkWhole('subsetSize', size, 2, fewest - 1);
  const estimates: number[] = [];
  for (let subset = 0; subset < subsets; subset++) {
    const [x, y] = [a, b].map((features, side) =>
      drawRows(features, dimension, size, [seed, subset, side]),
    ) as [Float32Array, Float32Array];
    estimates.push(await meanDiscrepancy(x, y, dimension, { threads }));
  }
  const mean = estimates.reduce((sum, value) => sum + value, 0) / subsets;
  const variance = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (subsets - 1);
  return {
    mean,
    standardError: Math.sqrt(variance * (size / (fewest - size) + 1 / subsets)),
    standardDeviation: Math.sqrt(variance),
    subsets,
    subsetSize: size,
  };
}

/**
 * Computes the unbiased estimate of the squared maximum mean discrepancy from all examples (Gretton
 * et al. 2012, "A kernel two-sample test", equation 3), with the kernel (xᵀy/D + 1)³: without the
 * chance of subsets, in 2(N² + M² + NM)D operations.
 *
 * @param a features `[N, D]`.
 * @param b features `[M, D]`.
 * @throws UserError for fewer than 2 examples, a partial row, or a number that is not finite.
 */
export async function fullKernelDistance(
  a: Float32Array,
  b: Float32Array,
  dimension: number,
  options: EngineOptions = {},
): Promise<number> {
  checkFeatures('fullKernelDistance: a', a, dimension, 2);
  checkFeatures('fullKernelDistance: b', b, dimension, 2);
  return meanDiscrepancy(a, b, dimension, options);
}

async function meanDiscrepancy(
  a: Float32Array,
  b: Float32Array,
  dimension: number,
  options: EngineOptions,
): Promise<number> {
  const [n, m] = [a.length / dimension, b.length / dimension];
  const within = (await kernelSum(a, a, dimension, options)) / (n * (n - 1));
  const withinOther = (await kernelSum(b, b, dimension, options)) / (m * (m - 1));
  const between = (await kernelSum(a, b, dimension, options)) / (n * m);
  return within + withinOther - 2 * between;
}

/** Σ k(x, y) over all pairs, of a set with itself without the pairs of a row with itself. */
async function kernelSum(
  a: Float32Array,
  b: Float32Array,
  dimension: number,
  options: EngineOptions,
): Promise<number> {
  let sum = 0;
  await forEachProduct(
    { a, b, dimension },
    ({ first, rows, columns, values, stride }) => {
      for (let i = 0; i < rows; i++) {
        const own = a === b ? first[0] + i - first[1] : -1;
        let ofRow = 0;
        for (let j = 0; j < columns; j++) {
          if (j === own) continue;
          const base = values[i * stride + j]! / dimension + 1;
          ofRow += base * base * base;
        }
        sum += ofRow;
      }
    },
    options,
  );
  return sum;
}

function drawRows(
  features: Float32Array,
  dimension: number,
  size: number,
  [seed, ...path]: readonly [number, number, number],
): Float32Array {
  const order = permutation(randomKey(seed, ...path), features.length / dimension);
  const rows = new Float32Array(size * dimension);
  for (let i = 0; i < size; i++) {
    const at = order[i]! * dimension;
    rows.set(features.subarray(at, at + dimension), i * dimension);
  }
  return rows;
}
