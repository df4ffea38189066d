/** A covariance matrix, checked and taken apart once for all noise levels. */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix';
import { UserError } from '../errors.ts';
import { checkVector, fieldError, short } from './checks.ts';

/** C = Q diag(λ) Qᵀ = L Lᵀ, of size d. */
export interface CovarianceParts {
  /** λ, `[d]`, ascending, none below 0, in units of x². */
  readonly eigenvalues: Float64Array;
  /** Q, `[d, d]`, row-major; column j belongs to eigenvalue j. */
  readonly eigenvectors: Float64Array;
  /** L, `[d, d]`, row-major, lower triangular. */
  readonly factor: Float64Array;
}

/** Two entries that mirror each other may differ by this share of the largest entry. */
const ASYMMETRY = 1e-9;

/** Share of the largest by which an eigenvalue may be below 0: what single precision leaves. */
const ROUNDING = 1e-6;

/** Largest entry: products of two must be finite, and sums of them. */
const LARGEST = 1e150;

/**
 * Takes a covariance apart. It may be singular, as that of fewer examples than coordinates is:
 * smoothed by noise it is as good as any. Eigenvalues that are nothing but rounding are 0.
 *
 * @param field what to call it in errors, such as `covariances[1]`.
 * @throws UserError unless it is d × d, finite, symmetric and positive semidefinite.
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
  if (!(smallest >= -ROUNDING * Math.max(largest, 0))) {
    throw new UserError(
      `${field}: not positive semidefinite: its smallest eigenvalue is ${short(smallest)}; none may be below 0`,
      { facts: { field, eigenvalue: smallest } },
    );
  }
  const rounding = largest * dimension * Number.EPSILON;
  const singular = !(smallest > rounding);
  const eigenvalues = Float64Array.from(order, (j) => (values[j]! > rounding ? values[j]! : 0));
  const eigenvectors = flat(dimension, (i, j) => eigenvectorMatrix.get(i, order[j]!));
  const factor = singular
    ? singularFactor(eigenvalues, eigenvectors)
    : new CholeskyDecomposition(matrix).lowerTriangularMatrix;
  return { eigenvalues, eigenvectors, factor: flat(dimension, (i, j) => factor.get(i, j)) };
}

/** L of a singular covariance: with A = Q√λ and Aᵀ = Q'R it is C = A Aᵀ = RᵀR, so that L = Rᵀ. */
function singularFactor(eigenvalues: Float64Array, eigenvectors: Float64Array): Matrix {
  const d = eigenvalues.length;
  const roots = eigenvalues.map(Math.sqrt);
  const transposed = Array.from({ length: d }, (_, e) =>
    Array.from({ length: d }, (_, i) => roots[e]! * eigenvectors[i * d + e]!),
  );
  return new QrDecomposition(new Matrix(transposed)).upperTriangularMatrix.transpose();
}

function checkSquare(
  field: string,
  covariance: readonly (readonly number[])[],
  dimension: number,
): void {
  if (covariance.length === 0) throw fieldError(field, `is empty; give a square matrix`);
  if (covariance.length !== dimension) {
    throw fieldError(
      field,
      `has ${covariance.length} rows, but the density has dimension ${dimension}; give a ${dimension} × ${dimension} matrix`,
    );
  }
  for (const [i, row] of covariance.entries()) {
    checkVector(`${field}[${i}]`, row, dimension);
    const large = row.find((value) => Math.abs(value) > LARGEST);
    if (large === undefined) continue;
    throw new UserError(
      `${field}[${i}]: ${large} is too large, its square is beyond double precision; choose other units`,
      { facts: { field, row: i, value: large } },
    );
  }
}

function checkSymmetric(field: string, covariance: readonly (readonly number[])[]): void {
  const largest = Math.max(...covariance.map((row) => Math.max(...row.map(Math.abs))));
  for (const [i, row] of covariance.entries()) {
    for (let j = 0; j < i; j++) {
      const [below, above] = [row[j]!, covariance[j]![i]!];
      if (Math.abs(below - above) <= ASYMMETRY * largest) continue;
      throw fieldError(
        field,
        `not symmetric: [${i}][${j}] is ${short(below)} and [${j}][${i}] is ${short(above)}; make them equal`,
      );
    }
  }
}

function flat(dimension: number, at: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: dimension * dimension }, (_, k) =>
    at(Math.floor(k / dimension), k % dimension),
  );
}
