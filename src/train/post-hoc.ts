import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { UserError } from '../errors.ts';
import { exponentOf, LONGEST } from './averages.ts';

/** A power-function average as it was at a step: weights ∝ τ^γ on [0, step]. */
export interface Profile {
  readonly step: number;
  readonly gamma: number;
}

export interface Reconstruction {
  /** What to multiply each stored average with before all are added. */
  readonly weights: readonly number[];
  /**
   * ‖Σ wᵢpᵢ − p‖ / ‖p‖ of the weights in time: what the reconstruction differs by from the average
   * itself.
   */
  readonly error: number;
}

/** Beyond this error a combination is another average. */
const MOST_ERROR = 0.3;

/**
 * Finds how to make the power-function average of a length at a step out of those that were stored:
 * the least-squares fit of its weights in time, of those that add up to 1 (Karras et al. 2024,
 * section 3.2 and appendix C).
 *
 * @param stored At least one.
 * @param target.length Standard deviation of the weights relative to `step`, in (0, 1/√12].
 *
 * @throws UserError for a length that no average has, or that the stored ones cannot show.
 */
export function reconstruct(
  stored: readonly Profile[],
  target: { readonly length: number; readonly step: number },
): Reconstruction {
  const { length, step } = target;
  if (!(length > 0 && length <= LONGEST)) {
    throw new UserError(
      `length: an average of ${length} of the run ${length > 0 ? `is longer than the run; the longest, its plain mean, is ${LONGEST.toPrecision(4)}` : 'is none'}; give one of 0.01 to 0.25`,
      { facts: { option: 'length', length, longest: LONGEST } },
    );
  }
  const wanted: Profile = { step, gamma: exponentOf(length) };
  const count = stored.length;
  const products = new Matrix(count, count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) products.set(i, j, product(stored[i]!, stored[j]!));
  }
  const right = Matrix.columnVector(stored.map((profile) => product(profile, wanted)));
  // Neighbouring snapshots are nearly the same function: small singular values are left alone.
  const inverse = pseudoInverse(products);
  const free = inverse.mmul(right);
  // Parameters are large beside their changes: a sum of weights that is not 1 would shrink them
  // all.
  const even = inverse.mmul(Matrix.ones(count, 1));
  const weights = Matrix.add(free, even.mul((1 - free.sum()) / even.sum()));
  const fitted = weights.transpose().mmul(products).mmul(weights).get(0, 0);
  const squared = product(wanted, wanted);
  const shared = weights.transpose().mmul(right).get(0, 0);
  const error = Math.sqrt(Math.max(0, fitted - 2 * shared + squared) / squared);
  if (error > MOST_ERROR) {
    throw new UserError(
      `length: an average of ${length} at step ${step} cannot be made of ${count} stored averages, the best differs by ${(100 * error).toFixed(0)} %; give a longer one, such as 0.05, or train with more snapshots`,
      { facts: { option: 'length', length, step, error } },
    );
  }
  return { weights: weights.to1DArray(), error };
}

/** Singular values below this share of the largest are rounding. */
const SMALLEST = 1e-13;

function pseudoInverse(matrix: Matrix): Matrix {
  const { leftSingularVectors, rightSingularVectors, diagonal } = new SingularValueDecomposition(
    matrix,
  );
  const limit = SMALLEST * diagonal[0]!;
  const inverse = Matrix.diag(diagonal.map((value) => (value > limit ? 1 / value : 0)));
  return rightSingularVectors.mmul(inverse).mmul(leftSingularVectors.transpose());
}

/**
 * ∫ p_a p_b dτ of two averages' weights in time, each of integral 1 (Karras et al. 2024, appendix
 * C).
 */
function product(a: Profile, b: Profile): number {
  const [p, q] = [a.gamma + 1, b.gamma + 1];
  const [early, late] = a.step < b.step ? [a, b] : [b, a];
  const ratio = (early.step / late.step) ** late.gamma;
  return ((p * q) / (p + q - 1)) * (ratio / late.step);
}
