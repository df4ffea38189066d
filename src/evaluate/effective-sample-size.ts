import { timeOf } from './autocorrelation.ts';
import { type ChainDraws, checkDraws, perCoordinate, splitChains } from './draws.ts';
import { rankNormalise } from './rank-normal.ts';

/** Which effective sample size. */
export interface EffectiveSampleSizeOptions {
  /**
   * `bulk`: of the rank-normalised draws, defined also for heavy tails; the one to report. `mean`:
   * of the draws as they are, the one for the standard error of a mean. Default `bulk`.
   */
  readonly of?: 'bulk' | 'mean';
}

/**
 * Estimates the effective sample size of each coordinate over all chains: split chains, combined
 * autocorrelations, Geyer's initial monotone sequence (Vehtari, Gelman, Simpson, Carpenter &
 * Bürkner 2021, sections 3.2 and 4.3). Above the number of draws N where draws alternate, at most N
 * log₁₀ N. Below about 50 per half chain it is itself a rough estimate.
 *
 * A coordinate that is one value in all draws gets 1: nothing shows that the walk moves.
 *
 * @returns `[d]`, in draws.
 * @throws UserError for fewer than 10 draws per chain or a value that is not finite.
 */
export function effectiveSampleSize(
  draws: ChainDraws,
  { of = 'bulk' }: EffectiveSampleSizeOptions = {},
): Float64Array {
  checkDraws('effectiveSampleSize', draws, 10);
  return perCoordinate(draws, (chains) => {
    const halves = splitChains(chains);
    return sizeOf(of === 'bulk' ? rankNormalise(halves) : halves);
  });
}

/** Estimates the effective sample size of the mean of one quantity, from its chains, split here. */
export function sizeOfMean(chains: readonly Float64Array[]): number {
  return sizeOf(splitChains(chains));
}

function sizeOf(halves: readonly Float64Array[]): number {
  return (halves.length * halves[0]!.length) / timeOf(halves);
}
