import { compileProduct, type EngineOptions, type Product } from './feature-sets.ts';

/** Two sets of rows of one dimension. */
export interface Pair {
  /** `[n, D]`. */
  readonly a: Float32Array;
  /** `[N, D]`. */
  readonly b: Float32Array;
  /** D. */
  readonly dimension: number;
}

/** A block of numbers for pairs of rows: row `first[0] + i` of a with row `first[1] + j` of b. */
export interface PairBlock {
  readonly first: readonly [a: number, b: number];
  readonly rows: number;
  readonly columns: number;
  /** Element (i, j) stands at i·stride + j. The next block overwrites them. */
  readonly values: Float64Array;
  readonly stride: number;
}

/** Most rows of a side of a block: 8 MB of results, and enough for a product to be fast. */
const SIDE = 1024;

/**
 * Calls `visit` with the inner products of all pairs of rows, in double precision, block by block.
 */
export async function forEachProduct(
  { a, b, dimension }: Pair,
  visit: (block: PairBlock) => void,
  { threads }: EngineOptions = {},
): Promise<void> {
  const [n, m] = [a.length / dimension, b.length / dimension];
  if (n === 0 || m === 0) return;
  const [rows, columns] = [Math.min(SIDE, n), Math.min(SIDE, m)];
  const product: Product = await compileProduct({
    rows,
    inner: dimension,
    columns,
    transposeB: true,
    threads,
  });
  const [left, right] = [new Float64Array(rows * dimension), new Float64Array(columns * dimension)];
  try {
    for (let j = 0; j < m; j += columns) {
      // What a last block does not fill keeps old rows; the visitor is told not to look at them.
      right.set(b.subarray(j * dimension, Math.min(j + columns, m) * dimension));
      for (let i = 0; i < n; i += rows) {
        left.set(a.subarray(i * dimension, Math.min(i + rows, n) * dimension));
        const values = await product.run(left, right);
        const sizes = { rows: Math.min(rows, n - i), columns: Math.min(columns, m - j) };
        visit({ first: [i, j], ...sizes, values, stride: columns });
      }
    }
  } finally {
    await product.release();
  }
}

/**
 * Calls `visit` with the squared Euclidean distances of all pairs of rows, block by block, as
 * ‖x‖² + ‖y‖² − 2x·y in double precision. Rows are float32, so that is off by no more than about
 * `DISTANCE_ERROR` (‖x‖² + ‖y‖²), and may be below 0 by as much; `squaredDistance` is without it.
 */
export async function forEachDistance(
  pair: Pair,
  visit: (block: PairBlock) => void,
  options: EngineOptions = {},
): Promise<void> {
  const [normsA, normsB] = [
    squaredNorms(pair.a, pair.dimension),
    squaredNorms(pair.b, pair.dimension),
  ];
  await forEachProduct(
    pair,
    (block) => {
      const { first, rows, columns, values, stride } = block;
      for (let i = 0; i < rows; i++) {
        const norm = normsA[first[0] + i]!;
        for (let j = 0, at = i * stride; j < columns; j++, at++) {
          values[at] = norm + normsB[first[1] + j]! - 2 * values[at]!;
        }
      }
      visit(block);
    },
    options,
  );
}

/** See `forEachDistance`; sums of up to 2^15 products, with room. */
export const DISTANCE_ERROR = 1e-13;

/** Computes ‖x‖² of each row, `[n]`. */
export function squaredNorms(rows: Float32Array, dimension: number): Float64Array {
  return Float64Array.from({ length: rows.length / dimension }, (_, row) => {
    let sum = 0;
    for (let at = row * dimension; at < (row + 1) * dimension; at++) sum += rows[at]! ** 2;
    return sum;
  });
}

/** Computes ‖x_i − y_j‖² from the differences: exact where they are, as for duplicates. */
export function squaredDistance({ a, b, dimension }: Pair, i: number, j: number): number {
  let sum = 0;
  for (let x = i * dimension, y = j * dimension; x < (i + 1) * dimension; x++, y++) {
    sum += (a[x]! - b[y]!) ** 2;
  }
  return sum;
}
