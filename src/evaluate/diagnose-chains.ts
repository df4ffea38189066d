import { type ChainDraws, coordinateOf, isConstant } from './draws.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { rHat } from './r-hat.ts';

/** What stands against taking numbers of chains at their word. */
export type ChainProblem =
  /**
   * All draws of all chains are one value: nothing shows whether the walk is stuck or the
   * coordinate fixed.
   */
  | { readonly code: 'constant'; readonly coordinates: readonly number[] }
  /** Chains that never moved, in any coordinate. */
  | { readonly code: 'still'; readonly chains: readonly number[] }
  /**
   * No chain moved in these coordinates, though they did in others, and chains stand apart: R̂
   * would be infinite.
   */
  | { readonly code: 'apart'; readonly coordinates: readonly number[] }
  /**
   * Too few draws of each chain to tell a slow chain from a slower one; effective samples are an
   * upper bound.
   */
  | { readonly code: 'short'; readonly draws: number; readonly needed: number }
  /** Chains that disagree: R̂ above 1.01. */
  | { readonly code: 'unmixed'; readonly coordinates: readonly number[] };

/**
 * R̂ and effective samples of chains, with what they are worth. Plain data; what is undefined is
 * null.
 */
export interface ChainDiagnostics {
  /** Null where R̂ is undefined: a constant coordinate, or chains of which none moved. */
  readonly rHat: readonly (number | null)[];
  /** 0 for a coordinate in which no chain moved. */
  readonly effectiveSampleSize: readonly number[];
  readonly problems: readonly ChainProblem[];
  /** How the numbers are defined. */
  readonly sources: { readonly rHat: string; readonly effectiveSampleSize: string };
}

const SOURCE = 'Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16(2)';
const sources = {
  rHat: `rank-normalized split R̂, the larger of location and spread (${SOURCE}, section 4)`,
  effectiveSampleSize: `bulk effective sample size of split chains, Geyer's initial monotone sequence (${SOURCE}, sections 3.2 and 4.3)`,
};

/** R̂ above which chains have not mixed (Vehtari et al. 2021, section 4). */
export const MIXED = 1.01;
/** Draws of a chain below which its effective sample size is an upper bound: 50 per half. */
export const LONG_ENOUGH = 100;

/**
 * Computes R̂ and the effective sample size of each coordinate, with warnings where the two say
 * less than they seem to.
 *
 * @throws UserError for fewer than 10 draws per chain or a value that is not finite.
 */
export function diagnoseChains(draws: ChainDraws): ChainDiagnostics {
  const [chains, count, d] = draws.shape;
  const sizes = effectiveSampleSize(draws);
  const ratios = rHat(draws);
  const moved = new Array<boolean>(chains).fill(false);
  const constant: number[] = [];
  const still: boolean[] = [];
  for (let i = 0; i < d; i++) {
    const series = coordinateOf(draws, i);
    const moving = series.map((chain) => !isConstant([chain]));
    moving.forEach((moves, chain) => {
      moved[chain] ||= moves;
    });
    still.push(!moving.includes(true));
    if (isConstant(series)) constant.push(i);
  }
  const unmixed = [...ratios.keys()].filter((i) => !still[i] && ratios[i]! > MIXED);
  const motionless = [...moved.keys()].filter((chain) => !moved[chain]);
  const problems: ChainProblem[] = [];
  if (constant.length > 0) problems.push({ code: 'constant', coordinates: constant });
  if (motionless.length > 0) problems.push({ code: 'still', chains: motionless });
  const apart = [...still.keys()].filter(
    (i) => still[i] && !constant.includes(i) && moved.includes(true),
  );
  if (apart.length > 0) problems.push({ code: 'apart', coordinates: apart });
  if (count < LONG_ENOUGH) problems.push({ code: 'short', draws: count, needed: LONG_ENOUGH });
  if (unmixed.length > 0) problems.push({ code: 'unmixed', coordinates: unmixed });
  return {
    rHat: [...ratios].map((ratio, i) => (still[i] || !Number.isFinite(ratio) ? null : ratio)),
    effectiveSampleSize: [...sizes].map((size, i) => (still[i] ? 0 : size)),
    problems,
    sources,
  };
}
