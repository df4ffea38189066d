import { linearSumAssignment } from 'linear-sum-assignment';
import { UserError } from '../errors.ts';
import { pause } from '../pause.ts';
import type { Work } from '../progress.ts';
import { fillNormal, type NumberArray, randomKey } from '../random.ts';
import { meanOf, varianceOf } from './draws.ts';

/** Most points of `exactWasserstein`: the assignment takes n² numbers and up to n³ steps. */
export const EXACT_WASSERSTEIN_LIMIT = 1000;

/** Random directions where nothing is said. */
const DIRECTIONS = 200;

export interface SlicedWassersteinOptions {
  /** Random directions, at least 2. Default 200. */
  readonly directions?: number;
  /** 0 to 2^53 − 1. Default 0. */
  readonly seed?: number;
}

export interface SlicedWasserstein {
  /** The root of `squared`, in the units of the points. */
  readonly distance: number;
  /** SW₂², the mean over directions of the squared distance of the projections. */
  readonly squared: number;
  /** Of `distance`, from the spread over directions; that of the points themselves is not in it. */
  readonly standardError: number;
}

/**
 * Computes the 2-Wasserstein distance of two samples on the line, by sorting: the root of the mean
 * of (F⁻¹(u) − G⁻¹(u))², exact for any two sizes.
 *
 * @throws UserError for an empty sample or a value that is not finite.
 */
export function wasserstein1d(a: NumberArray, b: NumberArray): number {
  checkPoints('wasserstein1d', a, b, 1);
  return Math.sqrt(sortedSquare(Float64Array.from(a).sort(), Float64Array.from(b).sort()));
}

/**
 * Estimates the sliced 2-Wasserstein distance of two samples (Bonneel, Rabin, Peyré & Pfister 2015,
 * "Sliced and Radon Wasserstein barycenters of measures"): the root mean square, over directions
 * uniform on the sphere, of the exact distance of the projections. A shift by v moves it by ‖v‖/√d:
 * it is not multiplied by √d. In one dimension it is exact.
 *
 * Direction l is a function of the seed and l alone; more directions begin with the same ones.
 *
 * @param a `[n, d]`, row-major.
 * @param b `[m, d]`; m may differ from n.
 * @throws UserError for arrays that are no whole rows, a value that is not finite, fewer than 2
 * directions or a seed out of range.
 */
export function slicedWasserstein(
  a: NumberArray,
  b: NumberArray,
  dimension: number,
  { directions = DIRECTIONS, seed = 0 }: SlicedWassersteinOptions = {},
): SlicedWasserstein {
  const squareAlong = alongDirections(a, b, dimension, { directions, seed });
  return slicedOf(Float64Array.from({ length: directions }, (_, l) => squareAlong(l)));
}

/**
 * Computes `slicedWasserstein`, between whose directions timers and signals have their turn.
 * @throws the signal's reason, soon after it is aborted.
 */
export async function slicedWassersteinWork(
  a: NumberArray,
  b: NumberArray,
  dimension: number,
  { signal, onProgress }: Work,
): Promise<SlicedWasserstein> {
  const squares = new Float64Array(DIRECTIONS);
  const squareAlong = alongDirections(a, b, dimension, { directions: DIRECTIONS, seed: 0 });
  for (let l = 0; l < DIRECTIONS; l++) {
    await pause();
    signal?.throwIfAborted();
    squares[l] = squareAlong(l);
    onProgress?.({
      label: 'comparing with exact samples',
      done: l + 1,
      of: DIRECTIONS,
      unit: 'directions',
    });
  }
  return slicedOf(squares);
}

/** The squared distance along a random direction, by its number. */
function alongDirections(
  a: NumberArray,
  b: NumberArray,
  dimension: number,
  { directions, seed }: Required<SlicedWassersteinOptions>,
): (direction: number) => number {
  checkPoints('slicedWasserstein', a, b, dimension);
  if (!Number.isInteger(directions) || directions < 2) {
    throw new UserError(`directions ${directions}: is not a whole number of at least 2`, {
      facts: { option: 'directions', value: directions, least: 2 },
    });
  }
  const key = randomKey(seed);
  const direction = new Float64Array(dimension);
  return (l) => {
    fillNormal(key, l, direction);
    const length = Math.hypot(...direction);
    for (let k = 0; k < dimension; k++) direction[k]! /= length;
    return sortedSquare(project(a, direction).sort(), project(b, direction).sort());
  };
}

function slicedOf(squares: Float64Array): SlicedWasserstein {
  const squared = meanOf(squares);
  const distance = Math.sqrt(squared);
  const error = Math.sqrt(varianceOf(squares) / squares.length);
  return { distance, squared, standardError: distance > 0 ? error / (2 * distance) : 0 };
}

/**
 * Computes the exact 2-Wasserstein distance of two samples of one size: the root mean squared
 * length of the cheapest pairing (Jonker & Volgenant's shortest augmenting paths). For 1,000 points
 * half a second, or a few where the samples differ much in scale.
 *
 * @param a `[n, d]`, row-major, n at most `EXACT_WASSERSTEIN_LIMIT`.
 * @param b `[n, d]`.
 * @throws UserError for two sizes, more points than the limit, arrays that are no whole rows or a
 * value that is not finite.
 */
export function exactWasserstein(a: NumberArray, b: NumberArray, dimension: number): number {
  checkPoints('exactWasserstein', a, b, dimension);
  const count = a.length / dimension;
  if (b.length !== a.length) {
    throw new UserError(
      `exactWasserstein: ${count} and ${b.length / dimension} points; give as many of each, or use slicedWasserstein`,
      { code: 'shape', facts: { counts: [count, b.length / dimension] } },
    );
  }
  if (count > EXACT_WASSERSTEIN_LIMIT) {
    throw new UserError(
      `exactWasserstein: ${count} points of each, at most ${EXACT_WASSERSTEIN_LIMIT}; take fewer, or use slicedWasserstein`,
      { facts: { count, most: EXACT_WASSERSTEIN_LIMIT } },
    );
  }
  // A shift of either sample leaves the best pairing what it is, and near samples are paired
  // faster.
  const costs = squaredDistances(centred(a, dimension), centred(b, dimension), dimension);
  const { rowAssignments } = linearSumAssignment(costs, { maximaze: false });
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const j = rowAssignments[i]!;
    for (let k = 0; k < dimension; k++) sum += (a[i * dimension + k]! - b[j * dimension + k]!) ** 2;
  }
  return Math.sqrt(sum / count);
}

/** ∫ (F⁻¹ − G⁻¹)² over sorted samples of n and m values; cell edges are compared as i·m and j·n. */
function sortedSquare(a: Float64Array, b: Float64Array): number {
  const [n, m] = [a.length, b.length];
  let sum = 0;
  for (let i = 0, j = 0, at = 0; i < n && j < m; ) {
    const [endOfA, endOfB] = [(i + 1) * m, (j + 1) * n];
    const end = Math.min(endOfA, endOfB);
    sum += (end - at) * (a[i]! - b[j]!) ** 2;
    at = end;
    if (endOfA === end) i++;
    if (endOfB === end) j++;
  }
  return sum / (n * m);
}

function project(points: NumberArray, direction: Float64Array): Float64Array {
  const dimension = direction.length;
  const out = new Float64Array(points.length / dimension);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < dimension; k++) sum += points[i * dimension + k]! * direction[k]!;
    out[i] = sum;
  }
  return out;
}

function centred(points: NumberArray, dimension: number): Float64Array {
  const count = points.length / dimension;
  const out = Float64Array.from(points);
  for (let k = 0; k < dimension; k++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += points[i * dimension + k]!;
    for (let i = 0; i < count; i++) out[i * dimension + k]! -= sum / count;
  }
  return out;
}

function squaredDistances(a: Float64Array, b: Float64Array, dimension: number): Float64Array[] {
  const count = a.length / dimension;
  return Array.from({ length: count }, (_, i) => {
    const row = new Float64Array(count);
    for (let j = 0; j < count; j++) {
      let sum = 0;
      for (let k = 0; k < dimension; k++) {
        sum += (a[i * dimension + k]! - b[j * dimension + k]!) ** 2;
      }
      row[j] = sum;
    }
    return row;
  });
}

function checkPoints(metric: string, a: NumberArray, b: NumberArray, dimension: number): void {
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new UserError(`${metric}: dimension ${dimension} is not a whole number of at least 1`, {
      facts: { option: 'dimension', value: dimension, least: 1 },
    });
  }
  for (const [name, points] of [['first', a] as const, ['second', b] as const]) {
    if (points.length === 0 || points.length % dimension !== 0) {
      throw new UserError(
        `${metric}: ${points.length} values in the ${name} sample are no whole rows of ${dimension}`,
        { code: 'shape', facts: { set: name, dimension, values: points.length } },
      );
    }
    const bad = points.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    throw new UserError(
      `${metric}: row ${Math.floor(bad / dimension)}, coordinate ${bad % dimension} of the ${name} sample is ${points[bad]}; every value must be finite`,
      {
        facts: {
          set: name,
          row: Math.floor(bad / dimension),
          coordinate: bad % dimension,
          value: points[bad],
        },
      },
    );
  }
}
