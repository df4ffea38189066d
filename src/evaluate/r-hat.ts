import {
  type ChainDraws,
  checkDraws,
  meanOf,
  perCoordinate,
  splitChains,
  varianceOf,
} from './draws.ts';
import { fold, rankNormalise } from './rank-normal.ts';

/** Which R̂. */
export interface RHatOptions {
  /**
   * `rank`: the larger of R̂ of the rank-normalised draws (location) and of the rank-normalised
   * distances from the median (spread). `plain`: of the draws as they are. Default `rank`.
   */
  readonly of?: 'rank' | 'plain';
}

/**
 * Computes the Split R̂ of each coordinate: the root of all chains' variance over that within half
 * chains, 1 where they agree. Above 1.01 the chains have not mixed (Vehtari, Gelman, Simpson,
 * Carpenter & Bürkner 2021, equations 1–4 and section 4). One chain is compared half with half.
 *
 * Infinity where no half chain moves but they differ; NaN where all draws are one value: nothing
 * disagrees and nothing moves, so that nothing is said. `diagnoseChains` gives the reason.
 *
 * @returns `[d]`.
 * @throws UserError for fewer than 4 draws per chain or a value that is not finite.
 */
export function rHat(draws: ChainDraws, { of = 'rank' }: RHatOptions = {}): Float64Array {
  checkDraws('rHat', draws, 4);
  return perCoordinate(draws, (chains) => {
    const halves = splitChains(chains);
    if (of === 'plain') return ratio(halves);
    const location = ratio(rankNormalise(halves));
    // Draws all as far from the median have no spread to compare.
    const spread = ratio(rankNormalise(fold(halves)));
    return Number.isNaN(spread) ? location : Math.max(location, spread);
  });
}

function ratio(chains: readonly Float64Array[]): number {
  const n = chains[0]!.length;
  const within = meanOf(chains.map(varianceOf));
  // n times the variance of the chains' means is B, the variance between chains.
  const between = varianceOf(chains.map(meanOf));
  if (within === 0 && between === 0) return Number.NaN;
  return Math.sqrt((n - 1) / n + between / within);
}
