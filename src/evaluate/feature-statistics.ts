import { checkWhole } from '../checks.ts';
import { UserError } from '../errors.ts';
import { input, matMul, slice, type Tensor } from '../graph/index.ts';
import { checkFeatures, compileDouble, type EngineOptions } from './feature-sets.ts';

/** Mean and covariance of a set of features. */
export interface FeatureStatistics {
  /** Number of examples N. */
  readonly count: number;
  /** `[D]`. */
  readonly mean: Float64Array;
  /** `[D, D]`, row-major, divided by N − 1; symmetric to the bit. */
  readonly covariance: Float64Array;
}

/** Adds features up, batch by batch. */
export interface StatisticsAccumulator {
  /**
   * Takes features `[n, D]`, any n. One call at a time.
   * @throws UserError for a partial row or a number that is not finite; nothing is added then.
   */
  add(features: Float32Array): Promise<void>;
  /**
   * What was added so far; more can be added afterwards.
   * @throws UserError for fewer than 2 examples.
   */
  result(): Promise<FeatureStatistics>;
  release(): Promise<void>;
}

/** Examples of one product. */
const ROWS = 2048;
/** Columns of the covariance made at a time: of those left of them only the mirror image is. */
const PANEL = 512;

/**
 * Computes mean and covariance of features `[n, D]`. 50,000 × 2,048 are 210 billion products (half
 * of them by symmetry); see `statisticsAccumulator` for how.
 *
 * @throws UserError for fewer than 2 examples, a partial row, or a number that is not finite.
 */
export async function featureStatistics(
  features: Float32Array,
  dimension: number,
  options: EngineOptions = {},
): Promise<FeatureStatistics> {
  checkFeatures('featureStatistics', features, dimension, 2);
  const accumulator = await statisticsAccumulator(dimension, options);
  try {
    await accumulator.add(features);
    return await accumulator.result();
  } finally {
    await accumulator.release();
  }
}

/**
 * Gathers mean and covariance in double precision, in one pass over features that arrive in
 * batches. Examples are gathered in blocks of 2,048; each is centred by its own mean, its sum of
 * squares XᵀX is a product by the engine, and blocks are merged by Chan, Golub & LeVeque 1983,
 * "Algorithms for computing the sample variance", equation 2.1: nothing cancels where the mean is
 * large beside the deviations. The result does not depend on how examples are cut into batches, to
 * the last bit.
 *
 * @param dimension D.
 */
export async function statisticsAccumulator(
  dimension: number,
  { threads }: EngineOptions = {},
): Promise<StatisticsAccumulator> {
  checkWhole('dimension', dimension, 1, 2 ** 15);
  const gram = await compileGram(dimension, threads);
  const block = new Float64Array(ROWS * dimension);
  const sums = emptySums(dimension);
  let filled = 0;

  /** Centres the examples of `values` in place and adds them to `into`. */
  const flush = async (values: Float64Array, into: Sums): Promise<Sums> => {
    const mean = centre(values, filled, dimension);
    const squares = await gram.run(values);
    merge(into, { count: filled, mean, squares }, dimension);
    return into;
  };
  return {
    add: async (features) => {
      const count = checkFeatures('statisticsAccumulator', features, dimension, 0);
      for (let row = 0; row < count; ) {
        const rows = Math.min(ROWS - filled, count - row);
        block.set(features.subarray(row * dimension, (row + rows) * dimension), filled * dimension);
        [filled, row] = [filled + rows, row + rows];
        if (filled < ROWS) continue;
        await flush(block, sums);
        filled = 0;
      }
    },
    result: async () => {
      const all = filled === 0 ? sums : await flush(block.slice(), structuredClone<Sums>(sums));
      const { count, mean, squares } = all;
      if (count < 2) {
        throw new UserError(
          `feature statistics: ${count} examples; a covariance needs 2 at least, give more`,
          { facts: { count, least: 2 } },
        );
      }
      return { count, mean: mean.slice(), covariance: mirrored(squares, dimension, count - 1) };
    },
    release: gram.release,
  };
}

/**
 * Says whether there are enough examples for a covariance of full rank: more than D. A distance
 * from fewer is defined, but says more of the number of examples than of their law.
 *
 * @param source what the features are of, for the message, such as `the samples`.
 * @throws UserError where count ≤ D.
 */
export function checkEnough({ count, mean }: FeatureStatistics, source: string): void {
  if (count > mean.length) return;
  throw new UserError(
    `${source}: ${count} examples are too few for the covariance of ${mean.length} features; at least ${mean.length + 1} are needed, give more or use features of lower dimension`,
    { facts: { source, count, least: mean.length + 1 } },
  );
}

/** Sums of n examples: the mean, and Σ (x − mean)(x − mean)ᵀ on and above the diagonal. */
interface Sums {
  count: number;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

const emptySums = (dimension: number): Sums => ({
  count: 0,
  mean: new Float64Array(dimension),
  squares: new Float64Array(dimension * dimension),
});

/** Adds the sums `from` of other examples. */
function merge(into: Sums, from: Sums, dimension: number): void {
  const count = into.count + from.count;
  const delta = from.mean.map((mean, i) => mean - into.mean[i]!);
  const weight = (into.count * from.count) / count;
  for (let i = 0; i < dimension; i++) {
    into.mean[i]! += (delta[i]! * from.count) / count;
    const scaled = weight * delta[i]!;
    for (let at = i * dimension + i, j = i; j < dimension; j++, at++) {
      into.squares[at]! += from.squares[at]! + scaled * delta[j]!;
    }
  }
  into.count = count;
}

/** Takes the mean off the first `rows` rows and clears the others; the mean, `[D]`. */
function centre(block: Float64Array, rows: number, dimension: number): Float64Array {
  const origin = block.slice(0, dimension);
  const mean = new Float64Array(dimension);
  for (let at = 0; at < rows * dimension; at += dimension) {
    for (let i = 0; i < dimension; i++) mean[i]! += block[at + i]! - origin[i]!;
  }
  for (let i = 0; i < dimension; i++) mean[i] = origin[i]! + mean[i]! / rows;
  for (let at = 0; at < rows * dimension; at += dimension) {
    for (let i = 0; i < dimension; i++) block[at + i]! -= mean[i]!;
  }
  block.fill(0, rows * dimension);
  return mean;
}

function mirrored(squares: Float64Array, dimension: number, divisor: number): Float64Array {
  const covariance = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++) {
    for (let j = i; j < dimension; j++) {
      const value = squares[i * dimension + j]! / divisor;
      covariance[i * dimension + j] = value;
      covariance[j * dimension + i] = value;
    }
  }
  return covariance;
}

/** XᵀX of blocks X `[ROWS, D]`, on and above the diagonal; what is below is not to be read. */
async function compileGram(dimension: number, threads: number | undefined) {
  const x = input('x', [ROWS, dimension], 'float64');
  const panels: Record<string, Tensor> = {};
  for (let from = 0; from < dimension; from += PANEL) {
    const to = Math.min(from + PANEL, dimension);
    const columns = slice(x, [0, from], [ROWS, to]);
    const rest = slice(x, [0, from], [ROWS, dimension]);
    panels[from] = matMul(columns, rest, { transposeA: true });
  }
  const program = await compileDouble({ x }, panels, threads);
  const squares = new Float64Array(dimension * dimension);
  const run = async (block: Float64Array) => {
    const made = await program({ x: block });
    for (const [name, values] of Object.entries(made)) {
      const from = Number(name);
      const width = dimension - from;
      for (let row = 0; row < Math.min(PANEL, width); row++) {
        const part = (values as Float64Array).subarray(row * width, (row + 1) * width);
        squares.set(part, (from + row) * dimension + from);
      }
    }
    return squares;
  };
  return { run, release: program.release };
}
