import { type ExactDensity, sampleSmoothed } from '../density/index.ts';
import {
  acceptanceSummary,
  autocorrelationTime,
  type ChainDraws,
  chainMoments,
  effectiveSampleSize,
  modeVisits,
  nearestModes,
  rHat,
  slicedWasserstein,
  squaredJumpDistance,
} from '../evaluate/index.ts';
import { randomKey } from '../random.ts';

/** Fewest draws of each chain that every diagnostic can do with. */
const ENOUGH = 10;
/** Exact samples that walks are compared with. */
const REFERENCE = 4000;

export interface WalkSummary {
  readonly ybar: Moments;
  readonly xhat: Moments;
  /** Per coordinate of ȳ. */
  readonly effectiveSampleSize: readonly number[];
  readonly rHat: readonly number[];
  readonly autocorrelationTime: readonly number[];
  readonly squaredJumpDistance: number;
  readonly acceptance?: number;
  /** Sliced 2-Wasserstein distance of ȳ to exact samples; Gaussian noise alone. */
  readonly slicedWasserstein?: { readonly distance: number; readonly standardError: number };
  /** By the nearest centre, for mixtures. */
  readonly modes?: { readonly occupancy: readonly number[]; readonly switches: number };
}

interface Moments {
  readonly mean: readonly number[];
  readonly meanError: readonly number[];
  readonly covariance: readonly number[];
}

/** What the draws say of the density and of the walk; absent for walks too short to say it. */
export function summarizeWalk(
  density: ExactDensity,
  effectiveSigma: number,
  ybar: ChainDraws,
  xhat: ChainDraws,
  acceptance: readonly Float64Array[],
): WalkSummary | undefined {
  const [chains, draws] = ybar.shape;
  if (draws < ENOUGH) return undefined;
  return {
    ybar: momentsOf(ybar),
    xhat: momentsOf(xhat),
    effectiveSampleSize: [...effectiveSampleSize(ybar)],
    rHat: [...rHat(ybar)],
    autocorrelationTime: [...autocorrelationTime(ybar)],
    squaredJumpDistance: squaredJumpDistance(ybar).mean,
    ...(acceptance.length > 0 && { acceptance: meanAcceptance(acceptance, chains) }),
    ...(density.type !== 'poisson' && {
      slicedWasserstein: distanceToExact(density, effectiveSigma, ybar),
    }),
    ...(density.type === 'mixture' && { modes: modesOf(density, ybar) }),
  };
}

function momentsOf(draws: ChainDraws): Moments {
  const { mean, meanError, covariance } = chainMoments(draws);
  return { mean: [...mean], meanError: [...meanError], covariance: [...covariance] };
}

/** @param accepted one `[chains]` for each draw. */
function meanAcceptance(accepted: readonly Float64Array[], chains: number): number {
  const data = new Float64Array(chains * accepted.length);
  accepted.forEach((rates, draw) => {
    for (let chain = 0; chain < chains; chain++)
      data[chain * accepted.length + draw] = rates[chain]!;
  });
  return acceptanceSummary({ data, shape: [chains, accepted.length] }).mean;
}

function distanceToExact(
  density: Exclude<ExactDensity, { type: 'poisson' }>,
  effectiveSigma: number,
  { data, shape }: ChainDraws,
) {
  const exact = sampleSmoothed(density, effectiveSigma, randomKey(1), REFERENCE);
  const { distance, standardError } = slicedWasserstein(data, exact.ybar, shape[2]);
  return { distance, standardError };
}

function modesOf(density: Extract<ExactDensity, { type: 'mixture' }>, draws: ChainDraws) {
  const { occupancy, switches } = modeVisits(nearestModes(draws, density.means), density.weights);
  return { occupancy: [...occupancy], switches };
}
