/** A covariance matrix, checked and taken apart once for all noise levels. */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { UserError } from '../errors.ts';
import { checkVector, short } from './checks.ts';

/** C = Q diag(λ) Qᵀ = L Lᵀ, of size d. */
export interface CovarianceParts {
  /** λ, `[d]`, ascending, all above 0, in units of x². */
  readonly eigenvalues: Float64Array;
  /** Q, `[d, d]`, row-major; column j belongs to eigenvalue j. */
  readonly eigenvectors: Float64Array;
  /** L, `[d, d]`, row-major, lower triangular. */
  readonly factor: Float64Array;
}

/** Two entries that mirror each other may differ by this share of the largest entry. */
const ASYMMETRY = 1e-9;

/**
 * Takes a covariance apart.
 *
 * @param field what to call it in errors, such as `covariances[1]`.
 * @throws UserError unless it is d × d, finite, symmetric and positive definite.
 */
export function covarianceParts(
  field: string,
  covariance: readonly (readonly number[])[],
  dimension: number = covariance.length,
): CovarianceParts {
  checkSquare(field, covariance, dimension);
  checkSymmetric(field, covariance);
  // The mean of both halves: what the checks let through is symmetric to the bit from here on.
  const matrix = new Matrix(
    covariance.map((row, i) => row.map((value, j) => (value + covariance[j]![i]!) / 2)),
  );
  const { realEigenvalues: values, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const order = values.map((_, j) => j).sort((a, b) => values[a]! - values[b]!);
  const smallest = values[order[0]!]!;
  const largest = values[order.at(-1)!]!;
  if (!(smallest > largest * dimension * Number.EPSILON)) {
    throw new UserError(
      `${field}: not positive definite: its smallest eigenvalue is ${short(smallest)}; it must be above 0`,
    );
  }
  const factor = new CholeskyDecomposition(matrix).lowerTriangularMatrix;
  return {
    eigenvalues: Float64Array.from(order, (j) => values[j]!),
    eigenvectors: flat(dimension, (i, j) => eigenvectorMatrix.get(i, order[j]!)),
    factor: flat(dimension, (i, j) => factor.get(i, j)),
  };
}

function checkSquare(
  field: string,
  covariance: readonly (readonly number[])[],
  dimension: number,
): void {
  if (covariance.length === 0) throw new UserError(`${field}: is empty; give a square matrix`);
  if (covariance.length !== dimension) {
    throw new UserError(
      `${field}: has ${covariance.length} rows, but the density has dimension ${dimension}; give a ${dimension} × ${dimension} matrix`,
    );
  }
  for (const [i, row] of covariance.entries()) checkVector(`${field}[${i}]`, row, dimension);
}

function checkSymmetric(field: string, covariance: readonly (readonly number[])[]): void {
  const largest = Math.max(...covariance.map((row) => Math.max(...row.map(Math.abs))));
  for (const [i, row] of covariance.entries()) {
    for (let j = 0; j < i; j++) {
      const [below, above] = [row[j]!, covariance[j]![i]!];
      if (Math.abs(below - above) <= ASYMMETRY * largest) continue;
      throw new UserError(
        `${field}: not symmetric: [${i}][${j}] is ${short(below)} and [${j}][${i}] is ${short(above)}; make them equal`,
      );
    }
  }
}

function flat(dimension: number, at: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: dimension * dimension }, (_, k) =>
    at(Math.floor(k / dimension), k % dimension),
  );
}
