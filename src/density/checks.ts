/** Checks that the files of this folder share: each error names the field and the mend. */
import { UserError } from '../errors.ts';
import type { NumberArray } from '../random.ts';

/** How far the sum of weights written in decimals may be from 1; they are then divided by it. */
const WEIGHT_TOLERANCE = 1e-5;

/** Makes the error of a field of a density: its name is a fact too. */
export const fieldError = (field: string, problem: string): UserError =>
  new UserError(`${field}: ${problem}`, { facts: { field } });

/**
 * Checks a noise level σ.
 *
 * @throws UserError unless σ is finite and above 0.
 */
export function checkSigma(sigma: number, name = 'sigma'): void {
  if (Number.isFinite(sigma) && sigma > 0) return;
  throw fieldError(name, `${sigma} is not a noise level; give a finite number above 0`);
}

/**
 * Checks a number of measurements M.
 *
 * @throws UserError unless M is a whole number of at least 1.
 */
export function checkMeasurements(measurements: number): void {
  if (Number.isSafeInteger(measurements) && measurements >= 1) return;
  throw fieldError(
    'measurements',
    `${measurements} is not a number of measurements; give a whole number of at least 1`,
  );
}

/**
 * Checks the length of an array.
 *
 * @throws RangeError unless `array` holds `length` numbers.
 */
export function checkLength(name: string, array: ArrayLike<number>, length: number): void {
  if (array.length === length) return;
  throw new RangeError(`${name} holds ${array.length} numbers, ${length} are needed`);
}

/**
 * Counts the number of rows of a batch `[rows, width]`.
 *
 * @throws RangeError when the numbers do not fill whole rows.
 */
export function rowsOf(name: string, array: ArrayLike<number>, width: number): number {
  if (array.length % width === 0) return array.length / width;
  throw new RangeError(`${name} holds ${array.length} numbers, not a multiple of ${width}`);
}

/**
 * Checks a vector of numbers; `dimension` is that of the density, where it is known.
 *
 * @throws UserError unless there is at least one number and all are finite.
 */
export function checkVector(name: string, values: readonly number[], dimension?: number): void {
  if (values.length === 0) throw fieldError(name, `is empty; give at least one number`);
  if (dimension !== undefined && values.length !== dimension) {
    throw fieldError(
      name,
      `has ${count(values.length, 'number')}, but the density has dimension ${dimension}`,
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw fieldError(`${name}[${bad}]`, `${values[bad]} is not a finite number`);
}

/**
 * Checks the weights of a mixture, and divides them by their sum.
 *
 * @throws UserError unless there is one weight for each of `components`, none is negative and they
 *   sum to one within 1e-5.
 */
export function checkWeights(
  weights: readonly number[],
  components: number,
  of: string,
): Float64Array {
  checkVector('weights', weights);
  if (weights.length !== components) {
    throw fieldError(
      'weights',
      `has ${count(weights.length, 'number')}, but ${of} has ${components}; give one weight for each component`,
    );
  }
  const negative = weights.findIndex((weight) => weight < 0);
  if (negative >= 0) {
    throw fieldError(`weights[${negative}]`, `${weights[negative]} is below 0; give 0 or more`);
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(Math.abs(sum - 1) <= WEIGHT_TOLERANCE)) {
    throw fieldError(
      'weights',
      `they sum to ${short(sum)}, not to 1${sum > 0 ? `; divide each by ${short(sum)}` : ''}`,
    );
  }
  return Float64Array.from(weights, (weight) => weight / sum);
}

/**
 * Checks points `[n, d]` or measurements `[n, M, d]` that a user gave.
 *
 * @throws UserError for an empty set, a partial row, or the first number that is not finite.
 */
export function checkPoints(name: string, points: NumberArray, width: number): void {
  if (points.length === 0) throw fieldError(name, `there are none; give at least one`);
  if (points.length % width !== 0) {
    throw fieldError(
      name,
      `${count(points.length, 'number')} do not fill rows of ${width}; check the shape`,
    );
  }
  const bad = points.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw fieldError(
    name,
    `row ${Math.floor(bad / width)}, column ${bad % width} is ${points[bad]}, not a finite number`,
  );
}

/** Shortens a number for a message: at most 6 significant digits. */
export function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
