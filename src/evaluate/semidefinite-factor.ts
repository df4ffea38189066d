import { compileProduct, type EngineOptions } from './feature-sets.ts';

/** A = Σ_k l_k l_kᵀ with as many terms as A has rank. */
export interface SemidefiniteFactor {
  readonly rank: number;
  /** Rows l_k, `[rank, n]`, the largest first. */
  readonly rows: Float64Array;
}

/** Terms between two updates of the matrix. */
const BLOCK = 128;

/**
 * Computes the Cholesky decomposition of a symmetric matrix that may be singular, with complete
 * pivoting (Higham 1990, "Analysis of the Cholesky decomposition of a semi-definite matrix"): each
 * term takes the largest diagonal element left, and the terms end where it is at most n ε times the
 * largest of all, in which what is left is rounding. Rows keep the order of A, so no triangle is to
 * be seen. Terms are taken off A in blocks of 128, by a product of the engine.
 *
 * @param matrix A, `[n, n]`, symmetric; not changed. Where it is not semidefinite its negative part
 * is left out.
 */
export async function semidefiniteFactor(
  matrix: Float64Array,
  n: number,
  { threads }: EngineOptions = {},
): Promise<SemidefiniteFactor> {
  const left = matrix.slice();
  const diagonal = Float64Array.from({ length: n }, (_, i) => left[i * n + i]!);
  const rows = new Float64Array(n * n);
  const least = Math.max(...diagonal, 0) * n * Number.EPSILON;
  const product =
    n > BLOCK
      ? await compileProduct({ rows: n, inner: BLOCK, columns: n, transposeA: true, threads })
      : undefined;
  let rank = 0;
  for (let first = 0; first < n; first = rank) {
    rank = takeTerms({ left, diagonal, rows, n, least }, first);
    if (rank < first + BLOCK || rank === n) break;
    const block = rows.slice(first * n, rank * n);
    const update = await product!.run(block, block);
    for (let at = 0; at < left.length; at++) left[at]! -= update[at]!;
  }
  await product?.release();
  return { rank, rows: rows.slice(0, rank * n) };
}

interface Factoring {
  readonly left: Float64Array;
  readonly diagonal: Float64Array;
  readonly rows: Float64Array;
  readonly n: number;
  readonly least: number;
}

/** Up to a block of terms after the first `first`; the number of terms there are then. */
function takeTerms({ left, diagonal, rows, n, least }: Factoring, first: number): number {
  for (let k = first; k < Math.min(first + BLOCK, n); k++) {
    const pivot = largest(diagonal);
    if (!(diagonal[pivot]! > least)) return k;
    const row = rows.subarray(k * n, (k + 1) * n);
    row.set(left.subarray(pivot * n, (pivot + 1) * n));
    for (let before = first; before < k; before++) {
      subtract(row, rows[before * n + pivot]!, rows.subarray(before * n, (before + 1) * n));
    }
    const root = Math.sqrt(diagonal[pivot]!);
    for (let i = 0; i < n; i++) {
      // Rows that were pivots have nothing left; what rounding leaves there is not taken.
      row[i] = diagonal[i] === Number.NEGATIVE_INFINITY ? 0 : row[i]! / root;
      diagonal[i]! -= row[i]! * row[i]!;
    }
    row[pivot] = root;
    diagonal[pivot] = Number.NEGATIVE_INFINITY;
  }
  return Math.min(first + BLOCK, n);
}

function largest(values: Float64Array): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i;
  return at;
}

function subtract(from: Float64Array, scale: number, values: Float64Array): void {
  for (let i = 0; i < from.length; i++) from[i]! -= scale * values[i]!;
}
