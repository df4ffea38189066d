import { checkWhole } from '../checks.ts';
import { UserError } from '../errors.ts';
import { checkFeatures, type EngineOptions } from './feature-sets.ts';
import {
  DISTANCE_ERROR,
  forEachDistance,
  type Pair,
  type PairBlock,
  squaredDistance,
  squaredNorms,
} from './pairwise.ts';

export interface PrecisionRecallOptions extends EngineOptions {
  /** k, the neighbour that gives a ball its radius. Default 3. */
  readonly neighbours?: number;
}

/** How two sets of features cover each other; all but density lie in [0, 1]. */
export interface PrecisionRecall {
  /** Share of samples inside some ball around a reference example: what is drawn looks real. */
  readonly precision: number;
  /** Share of reference examples inside some ball around a sample: what is real is drawn. */
  readonly recall: number;
  /**
   * Balls around reference examples that a sample lies in, divided by k: 1 where the laws are
   * equal.
   */
  readonly density: number;
  /** Share of reference balls that hold a sample. */
  readonly coverage: number;
}

/**
 * Computes improved precision and recall (Kynkäänniemi, Karras, Laine, Lehtinen & Aila 2019,
 * equations 1 and 2), and density and coverage (Naeem, Oh, Uh, Choi & Yoo 2020, equations 4 and 5),
 * with balls that reach to each example's k-th nearest neighbour in its own set. Distances on the
 * border of a ball, within rounding, are computed again from the differences. The two papers take k
 * = 3 and 5.
 *
 * @param samples features `[n, D]`.
 * @param reference features of data `[N, D]`. Recall and coverage fall where N and n differ; take
 * as many.
 * @throws UserError for no more than k examples on a side, a partial row, or a number that is not
 * finite.
 */
export async function precisionRecall(
  samples: Float32Array,
  reference: Float32Array,
  dimension: number,
  { neighbours = 3, threads }: PrecisionRecallOptions = {},
): Promise<PrecisionRecall> {
  const n = checkFeatures('precisionRecall: samples', samples, dimension);
  const m = checkFeatures('precisionRecall: reference', reference, dimension);
  checkWhole('neighbours', neighbours, 1, 1000);
  for (const [name, count] of [
    ['samples', n],
    ['reference', m],
  ] as const) {
    if (count > neighbours) continue;
    throw new UserError(
      `precisionRecall: ${name}: ${count} examples; more than ${neighbours} neighbours are needed, give more`,
      { facts: { set: name, count, least: neighbours + 1 } },
    );
  }
  const radii = [
    await neighbourRadii(samples, dimension, neighbours, { threads }),
    await neighbourRadii(reference, dimension, neighbours, { threads }),
  ] as const;
  const pair = { a: samples, b: reference, dimension };
  const { balls, held, recalled } = await visitBalls(pair, radii, { threads });
  return {
    precision: balls.reduce((sum, count) => sum + Number(count > 0), 0) / n,
    recall: sumOf(recalled) / m,
    density: sumOf(balls) / (neighbours * n),
    coverage: sumOf(held) / m,
  };
}

/** Which rows lie in whose balls; `radii` are squared, of a and of b. */
async function visitBalls(
  pair: Pair,
  radii: readonly [Float64Array, Float64Array],
  options: EngineOptions,
) {
  const [n, m] = [radii[0].length, radii[1].length];
  const [balls, held, recalled] = [new Uint32Array(n), new Uint8Array(m), new Uint8Array(m)];
  const error = distanceError(pair);
  // Nearly all pairs are far beyond every radius: one comparison each.
  const reach = radii.map((squared) => squared.map((radius) => radius + error));
  const isInside = (squared: number, radius: number, i: number, j: number) =>
    squared < radius - error || squaredDistance(pair, i, j) <= radius;
  await forEachDistance(
    pair,
    ({ first, rows, columns, values, stride }) => {
      for (let i = first[0]; i < first[0] + rows; i++) {
        const start = (i - first[0]) * stride - first[1];
        const own = reach[0]![i]!;
        for (let j = first[1]; j < first[1] + columns; j++) {
          const squared = values[start + j]!;
          if (squared <= reach[1]![j]! && isInside(squared, radii[1][j]!, i, j)) {
            balls[i]!++;
            held[j] = 1;
          }
          if (squared > own || recalled[j] === 1) continue;
          if (isInside(squared, radii[0][i]!, i, j)) recalled[j] = 1;
        }
      }
    },
    options,
  );
  return { balls, held, recalled };
}

const sumOf = (counts: Uint8Array | Uint32Array) => {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
};

/** How far rounding may take a squared distance of the pair. */
function distanceError({ a, b, dimension }: Pair): number {
  const largest = (rows: Float32Array) =>
    squaredNorms(rows, dimension).reduce((most, norm) => Math.max(most, norm), 0);
  return DISTANCE_ERROR * (largest(a) + largest(b));
}

/**
 * The squared distance of each row to its k-th nearest other row, `[n]`: of each block the nearest
 * are kept, and the last of them is measured again from the differences.
 */
async function neighbourRadii(
  rows: Float32Array,
  dimension: number,
  k: number,
  options: EngineOptions,
): Promise<Float64Array> {
  const n = rows.length / dimension;
  const pair = { a: rows, b: rows, dimension };
  const nearest = {
    squared: new Float64Array(n * k).fill(Number.POSITIVE_INFINITY),
    index: new Int32Array(n * k),
  };
  await forEachDistance(pair, (block) => keepNearest(nearest, k, block), options);
  return Float64Array.from({ length: n }, (_, i) => {
    let farthest = 0;
    for (let at = i * k; at < (i + 1) * k; at++) {
      farthest = Math.max(farthest, squaredDistance(pair, i, nearest.index[at]!));
    }
    return farthest;
  });
}

/** Sorted by distance, k for each row. */
interface Nearest {
  readonly squared: Float64Array;
  readonly index: Int32Array;
}

function keepNearest({ squared, index }: Nearest, k: number, block: PairBlock): void {
  const { first, rows, columns, values, stride } = block;
  for (let i = 0; i < rows; i++) {
    const row = first[0] + i;
    const worst = row * k + k - 1;
    for (let j = 0; j < columns; j++) {
      const distance = values[i * stride + j]!;
      if (distance >= squared[worst]! || first[1] + j === row) continue;
      let at = worst;
      for (; at > row * k && squared[at - 1]! > distance; at--) {
        squared[at] = squared[at - 1]!;
        index[at] = index[at - 1]!;
      }
      squared[at] = distance;
      index[at] = first[1] + j;
    }
  }
}
