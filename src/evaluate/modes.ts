import { UserError } from '../errors.ts';
import type { NumberArray } from '../random.ts';
import { type ChainDraws, checkDraws } from './draws.ts';

/** The mode of each draw. */
export interface ModeAssignment {
  /** `[chains, draws]`, row-major: an index 0..K − 1. */
  readonly data: Int32Array;
  readonly shape: readonly [chains: number, draws: number];
}

/** How chains visited the modes of a mixture of K components. */
export interface ModeVisits {
  /** Draws in each mode, `[K]`. */
  readonly counts: readonly number[];
  /** Their shares of all draws, `[K]`. */
  readonly occupancy: readonly number[];
  /** Share of the modes with at least one draw, 0 to 1. */
  readonly coverage: number;
  /** Sum of the weights of the modes without a draw. */
  readonly missedWeight: number;
  /** Σ_k (occupancy_k − w_k)²/w_k; N independent draws give (K − 1)/N on average. */
  readonly chiSquare: number;
  /** `[K][K]`: how often a chain's draw in mode i was followed by one in mode j, stays included. */
  readonly transitions: readonly (readonly number[])[];
  /** Transitions from a mode to another, over all chains. */
  readonly switches: number;
  /** The longest run of draws of one chain in one mode, the first of equals. */
  readonly longestStay: {
    readonly mode: number;
    readonly chain: number;
    /** Index of its first draw. */
    readonly start: number;
    readonly draws: number;
  };
}

/**
 * Finds the nearest mode of each draw in Euclidean distance, the first of equals. Right for
 * components of one round covariance; for others see `likeliestModes`.
 *
 * @param modes K centres of length d.
 * @throws UserError for no modes, a centre of another dimension or a value that is not finite.
 */
export function nearestModes(
  draws: ChainDraws,
  modes: readonly ArrayLike<number>[],
): ModeAssignment {
  checkDraws('nearestModes', draws, 1);
  const [chains, count, dimension] = draws.shape;
  if (modes.length === 0)
    throw new UserError('nearestModes: no modes; give at least one centre', {
      facts: { option: 'modes', count: 0 },
    });
  for (const [k, mode] of modes.entries()) {
    if (mode.length !== dimension) {
      throw new UserError(
        `nearestModes: mode ${k} has ${mode.length} coordinates, the draws have ${dimension}`,
        { code: 'shape', facts: { mode: k, coordinates: mode.length, wanted: dimension } },
      );
    }
    const bad = Array.from(mode).findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new UserError(`nearestModes: mode ${k}, coordinate ${bad} is ${mode[bad]}`, {
        facts: { mode: k, coordinate: bad, value: mode[bad] },
      });
    }
  }
  const data = Int32Array.from({ length: chains * count }, (_, row) =>
    leastIndex(modes.length, (k) => squaredDistance(draws.data, row * dimension, modes[k]!)),
  );
  return { data, shape: [chains, count] };
}

/**
 * Finds the mode with the largest responsibility for each draw, the first of equals.
 *
 * @param responsibilities as draws of dimension K: `[chains, draws, K]`, posterior probabilities of
 * the components or anything in the same order, such as their logarithms (finite).
 * @throws UserError for a value that is not finite.
 */
export function likeliestModes(responsibilities: ChainDraws): ModeAssignment {
  checkDraws('likeliestModes', responsibilities, 1);
  const { data, shape } = responsibilities;
  const [chains, draws, modes] = shape;
  const best = Int32Array.from({ length: chains * draws }, (_, row) =>
    leastIndex(modes, (k) => -data[row * modes + k]!),
  );
  return { data: best, shape: [chains, draws] };
}

/**
 * Counts coverage, occupancy, transitions and stays of chains among the modes of a mixture.
 *
 * @param weights `[K]` of the mixture: above 0, with sum 1.
 * @throws UserError for weights that are no such numbers, or a mode that has none.
 */
export function modeVisits(assignment: ModeAssignment, weights: readonly number[]): ModeVisits {
  checkWeights(weights);
  checkAssignment(assignment, weights.length);
  const { counts, transitions, longestStay } = tally(assignment, weights.length);
  const total = assignment.data.length;
  const occupancy = counts.map((count) => count / total);
  const visited = counts.filter((count) => count > 0).length;
  const sumOf = (term: (w: number, k: number) => number) =>
    weights.reduce((sum, w, k) => sum + term(w, k), 0);
  return {
    counts,
    occupancy,
    coverage: visited / weights.length,
    missedWeight: sumOf((w, k) => (counts[k] === 0 ? w : 0)),
    chiSquare: sumOf((w, k) => (occupancy[k]! - w) ** 2 / w),
    transitions,
    switches: transitions.flatMap((row, i) => row.filter((_, j) => j !== i)).reduce(add, 0),
    longestStay,
  };
}

const add = (a: number, b: number) => a + b;

function tally({ data, shape: [chains, draws] }: ModeAssignment, modes: number) {
  const counts = new Array<number>(modes).fill(0);
  const transitions = counts.map(() => new Array<number>(modes).fill(0));
  let longestStay: ModeVisits['longestStay'] = { mode: data[0]!, chain: 0, start: 0, draws: 0 };
  for (let chain = 0; chain < chains; chain++) {
    let start = 0;
    for (let t = 0; t < draws; t++) {
      const mode = data[chain * draws + t]!;
      counts[mode]!++;
      if (t > 0) {
        const last = data[chain * draws + t - 1]!;
        transitions[last]![mode]!++;
        if (last !== mode) start = t;
      }
      const stay = t - start + 1;
      if (stay > longestStay.draws) longestStay = { mode, chain, start, draws: stay };
    }
  }
  return { counts, transitions, longestStay };
}

function leastIndex(count: number, value: (k: number) => number): number {
  let [index, least] = [0, value(0)];
  for (let k = 1; k < count; k++) {
    const next = value(k);
    if (next < least) [index, least] = [k, next];
  }
  return index;
}

function squaredDistance(data: NumberArray, start: number, mode: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < mode.length; k++) sum += (data[start + k]! - mode[k]!) ** 2;
  return sum;
}

function checkWeights(weights: readonly number[]): void {
  const bad = weights.findIndex((w) => !(w > 0 && w <= 1));
  if (bad >= 0) {
    throw new UserError(
      `modeVisits: weight ${bad} is ${weights[bad]}; weights are above 0 and at most 1`,
      { facts: { option: 'weights', index: bad, value: weights[bad] } },
    );
  }
  const sum = weights.reduce(add, 0);
  if (Math.abs(sum - 1) > 1e-6) {
    throw new UserError(`modeVisits: the weights sum to ${sum}, not to 1`, {
      facts: { option: 'weights', sum },
    });
  }
}

function checkAssignment({ data, shape: [chains, draws] }: ModeAssignment, modes: number): void {
  if (data.length === 0 || data.length !== chains * draws) {
    throw new UserError(
      `modeVisits: ${data.length} values do not fill shape [${chains}, ${draws}] with at least one draw`,
      { code: 'shape', facts: { shape: [chains, draws], values: data.length } },
    );
  }
  const bad = data.findIndex((mode) => mode < 0 || mode >= modes);
  if (bad < 0) return;
  throw new UserError(
    `modeVisits: chain ${Math.floor(bad / draws)}, draw ${bad % draws} is in mode ${data[bad]}; ${modes} weights name modes 0 to ${modes - 1}`,
    {
      facts: {
        chain: Math.floor(bad / draws),
        draw: bad % draws,
        value: data[bad],
        most: modes - 1,
      },
    },
  );
}
