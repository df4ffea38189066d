import { UserError } from '../errors.ts';
import { permutation, randomKey } from '../random.ts';
import type { Target } from '../sample/index.ts';

/** Numbers below a seed that have to do with permuted measurements. */
const PURPOSE = 21;

export interface EquivarianceOptions {
  /** M, at least 2. */
  readonly measurements: number;
  /** Random orders that each y is brought into. Default 4. */
  readonly permutations?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** How far a score is from turning with its measurements. */
export interface EquivarianceError {
  /** ‖s(πy) − πs(y)‖/‖s(y)‖, the mean over y and π, and the largest. */
  readonly mean: number;
  readonly largest: number;
}

/**
 * Measures how far a score is from turning with its measurements. The M-density does not know their
 * order, so s(πy) = πs(y) for every permutation π of the M channels (paper A, proposition 1). GPS
 * holds this by construction; a network that sees all measurements has to learn it.
 * @param target scores a batch of as many chains as `y` has rows.
 * @param y `[n, M, d]`, row-major.
 * @throws UserError for a single measurement, which has no other order.
 */
export async function equivarianceError(
  target: Pick<Target, 'score'>,
  y: Float32Array,
  rows: number,
  { measurements, permutations = 4, seed = 0 }: EquivarianceOptions,
): Promise<EquivarianceError> {
  if (measurements < 2) {
    throw new UserError(
      `measurements ${measurements}: has no other order to compare with; give at least 2`,
      { facts: { option: 'measurements', value: measurements, least: 2 } },
    );
  }
  const score = new Float32Array(y.length);
  await target.score(y, score);
  const turned = new Float32Array(y.length);
  const found = new Float32Array(y.length);
  let [sum, largest] = [0, 0];
  for (let i = 0; i < permutations; i++) {
    const orders = Array.from({ length: rows }, (_, row) =>
      otherOrder(measurements, seed, i * rows + row),
    );
    permute(y, orders, turned);
    await target.score(turned, found);
    permute(score, orders, turned);
    for (const change of changes(turned, found, rows)) {
      sum += change;
      largest = Math.max(largest, change);
    }
  }
  return { mean: sum / (permutations * rows), largest };
}

/** A random order of 0..n − 1 that is another than theirs. */
function otherOrder(n: number, seed: number, index: number): Uint32Array {
  const key = randomKey(seed, PURPOSE, index);
  for (let attempt = 0; ; attempt++) {
    const order = permutation(key, n, attempt);
    if (order.some((from, to) => from !== to)) return order;
  }
}

/** out[row][m] = values[row][order[m]]. */
function permute(values: Float32Array, orders: readonly Uint32Array[], out: Float32Array): void {
  const measurements = orders[0]!.length;
  const d = values.length / orders.length / measurements;
  orders.forEach((order, row) => {
    order.forEach((from, to) => {
      const start = (row * measurements + from) * d;
      out.set(values.subarray(start, start + d), (row * measurements + to) * d);
    });
  });
}

/** ‖found − wanted‖/‖wanted‖ of each row. */
function changes(wanted: Float32Array, found: Float32Array, rows: number): number[] {
  const size = wanted.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    let [difference, norm] = [0, 0];
    for (let i = row * size; i < (row + 1) * size; i++) {
      difference += (found[i]! - wanted[i]!) ** 2;
      norm += wanted[i]! ** 2;
    }
    return norm > 0 ? Math.sqrt(difference / norm) : 0;
  });
}
