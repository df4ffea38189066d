import { UserError } from '../errors.ts';
import { autocorrelation } from './autocorrelation.ts';
import { type ChainDraws, coordinateOf, varianceOf } from './draws.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { likeliestModes, modeVisits } from './modes.ts';
import { rHat } from './r-hat.ts';

/** How chains of images moved, seen through a feature network. */
export interface ImageChainDiagnostics {
  readonly chains: number;
  /** Draws of each chain. */
  readonly draws: number;
  /** Score calls from one draw of a chain to the next. */
  readonly scoreCallsPerDraw: number;
  /**
   * Autocorrelation of the features by lag in draws, the mean over features weighted by their
   * variance.
   */
  readonly autocorrelation: readonly number[];
  /**
   * Over all chains, by feature: the median and the least; of the 128 of largest variance where
   * there are more. An upper bound below `SLOW_CHAIN_DRAWS` draws.
   */
  readonly effectiveSamples: { readonly median: number; readonly least: number };
  /** Median effective samples per score call; 1/`scoreCallsPerDraw` where draws are independent. */
  readonly effectiveSamplesPerScoreCall: number;
  /** Split R̂ of the features across chains: the median and the largest. */
  readonly rHat: { readonly median: number; readonly largest: number };
  /** The longest stretch of draws of one chain in which each picture is all but the one before. */
  readonly longestStuck: Stretch;
  /** Absent for features of a network that does not classify. */
  readonly classes?: ClassVisits;
}

export interface Stretch {
  readonly chain: number;
  /** Index of its first draw. */
  readonly start: number;
  readonly draws: number;
}

/** Classes that chains visited, by the classifier's likeliest class of each draw. */
export interface ClassVisits {
  readonly names: readonly string[];
  /** Share of all draws in each class, `[K]`. */
  readonly occupancy: readonly number[];
  /** Share of the classes that any chain visited. */
  readonly coverage: number;
  /** Mean number of classes that one chain visits. */
  readonly perChain: number;
  /** `[K][K]`: draws in class i followed by one in class j, stays included. */
  readonly transitions: readonly (readonly number[])[];
  /** Share of transitions that lead to another class. */
  readonly switchRate: number;
  /** The longest stay of one chain in one class. */
  readonly longestStay: Stretch & { readonly name: string };
}

export interface ImageChainOptions {
  /** Features of the jumps x̂, `[chains, draws, D]`. */
  readonly features: ChainDraws;
  /** Logits of the same, `[chains, draws, K]`, and names of the classes. */
  readonly logits?: ChainDraws;
  readonly classes?: readonly string[];
  readonly scoreCallsPerDraw: number;
}

/** Fewest draws of a chain that say how it mixes. */
export const CHAIN_DRAWS = 10;

/**
 * Fewest draws of a chain that tell a slow chain from a slower one: the sum of autocorrelations
 * ends with half a chain, so that chains of 10 draws that never move would still have a quarter of
 * them as effective samples.
 */
export const SLOW_CHAIN_DRAWS = 50;

/** Lags of the autocorrelation that is kept. */
const LAGS = 100;

/**
 * Computes diagnostics of chains of images (the claim of paper A, figure 3, that single chains
 * visit diverse classes, in numbers).
 *
 * @throws UserError for fewer than 10 draws of each chain.
 */
export function imageChainDiagnostics({
  features: all,
  logits,
  classes = [],
  scoreCallsPerDraw,
}: ImageChainOptions): ImageChainDiagnostics {
  const [chains, draws] = all.shape;
  if (draws < CHAIN_DRAWS) {
    throw new UserError(
      `chains: ${draws} draws of each chain; at least ${CHAIN_DRAWS} are needed, draw more from each`,
      { facts: { draws, least: CHAIN_DRAWS } },
    );
  }
  const features = liveliest(all);
  const found = effectiveSampleSize(features);
  const ratio = rHat(features);
  // Of features that are one value in all draws R̂ is undefined; they say nothing of the walk.
  const moving = [...ratio.keys()].filter((k) => !Number.isNaN(ratio[k]!));
  const of = (values: Float64Array, none: number) =>
    moving.length === 0
      ? Float64Array.of(none)
      : sorted(Float64Array.from(moving, (k) => values[k]!));
  const sizes = of(found, 0);
  const ratios = of(ratio, Number.NaN);
  const median = (values: Float64Array) => values[values.length >> 1]!;
  return {
    chains,
    draws,
    scoreCallsPerDraw,
    autocorrelation: meanAutocorrelation(features),
    effectiveSamples: { median: median(sizes), least: sizes[0]! },
    effectiveSamplesPerScoreCall: median(sizes) / (chains * draws * scoreCallsPerDraw),
    rHat: { median: median(ratios), largest: ratios.at(-1)! },
    longestStuck: longestStuck(features),
    ...(logits && classes.length > 0 && { classes: classVisits(logits, classes) }),
  };
}

/** Most features that are looked at. */
const FEATURES = 128;

/** The features of largest variance, where there are many. */
function liveliest(features: ChainDraws): ChainDraws {
  const { data, shape } = features;
  const [chains, draws, dimension] = shape;
  if (dimension <= FEATURES) return features;
  const kept = Array.from({ length: dimension }, (_, k) => ({ k, variance: spreadOf(features, k) }))
    .sort((a, b) => b.variance - a.variance)
    .slice(0, FEATURES);
  const chosen = new Float32Array(chains * draws * FEATURES);
  kept.forEach(({ k }, j) => {
    for (let row = 0; row < chains * draws; row++) {
      chosen[row * FEATURES + j] = data[row * dimension + k]!;
    }
  });
  return { data: chosen, shape: [chains, draws, FEATURES] };
}

/** Variance of a feature over all draws of all chains. */
const spreadOf = (features: ChainDraws, k: number) =>
  varianceOf(coordinateOf(features, k).flatMap((chain) => [...chain]));

const sorted = (values: Float64Array) => values.slice().sort();

function meanAutocorrelation(features: ChainDraws): number[] {
  const [, draws, dimension] = features.shape;
  const mean = new Array<number>(Math.min(draws, LAGS + 1)).fill(0);
  let total = 0;
  for (let k = 0; k < dimension; k++) {
    const weight = spreadOf(features, k);
    const rho = autocorrelation(features, k);
    for (let t = 0; t < mean.length; t++) mean[t]! += weight * rho[t]!;
    total += weight;
  }
  return mean.map((sum) => (total > 0 ? sum / total : 1));
}

/**
 * A picture is all but the one before where its features moved less than this share of the usual
 * distance.
 */
const STUCK = 0.05;

/**
 * The usual distance is that of two independent draws: √2 deviations of all draws, over all
 * features.
 */
function longestStuck(features: ChainDraws): Stretch {
  const { data, shape } = features;
  const [chains, draws, dimension] = shape;
  let spread = 0;
  for (let k = 0; k < dimension; k++) spread += spreadOf(features, k);
  const limit = STUCK ** 2 * 2 * spread;
  let longest: Stretch = { chain: 0, start: 0, draws: 1 };
  for (let chain = 0; chain < chains; chain++) {
    let start = 0;
    for (let t = 1; t < draws; t++) {
      const row = (chain * draws + t) * dimension;
      let moved = 0;
      for (let k = 0; k < dimension; k++)
        moved += (data[row + k]! - data[row - dimension + k]!) ** 2;
      if (moved > limit) start = t;
      if (t - start + 1 > longest.draws) longest = { chain, start, draws: t - start + 1 };
    }
  }
  return longest;
}

function classVisits(logits: ChainDraws, names: readonly string[]): ClassVisits {
  const assignment = likeliestModes(logits);
  const [chains, draws] = assignment.shape;
  const even = names.map(() => 1 / names.length);
  const { occupancy, coverage, transitions, switches, longestStay } = modeVisits(assignment, even);
  const visited = Array.from(
    { length: chains },
    (_, chain) => new Set(assignment.data.subarray(chain * draws, (chain + 1) * draws)).size,
  );
  const { mode, ...stay } = longestStay;
  return {
    names,
    occupancy,
    coverage,
    transitions,
    perChain: visited.reduce((sum, count) => sum + count, 0) / chains,
    switchRate: switches / (chains * (draws - 1)),
    longestStay: { ...stay, name: names[mode]! },
  };
}
