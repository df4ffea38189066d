import { type ExactDensity, sampleSmoothed } from '../density/index.ts';
import { pause } from '../pause.ts';
import type { Work } from '../progress.ts';
import { randomKey } from '../random.ts';
import { autocorrelationTime } from './autocorrelation.ts';
import { type ChainProblem, diagnoseChains } from './diagnose-chains.ts';
import { type ChainDraws, coordinateOf, isConstant } from './draws.ts';
import { equipartition, scoresOfJumps } from './equipartition.ts';
import { modeVisits, nearestModes } from './modes.ts';
import { chainMoments } from './moments.ts';
import { acceptanceSummary, squaredJumpDistance } from './movement.ts';
import { slicedWassersteinWork } from './wasserstein.ts';

/** Fewest draws of each chain that every diagnostic can do with. */
const ENOUGH = 10;
/** Parts that are told of. */
const PARTS = 7;
/** Exact samples that walks are compared with. */
const REFERENCE = 4000;

export interface WalkSummary {
  readonly ybar: Moments;
  readonly xhat: Moments;
  /** Per coordinate of ȳ; null where R̂ is undefined. */
  readonly effectiveSampleSize: readonly number[];
  readonly rHat: readonly (number | null)[];
  readonly problems: readonly ChainProblem[];
  /**
   * Of ȳ, from the jumps: 1 in every coordinate where the walk has its law; Gaussian noise alone.
   */
  readonly equipartition?: {
    readonly values: readonly number[];
    readonly errors: readonly number[];
  };
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
  /** Null for a coordinate that no chain moved in: draws say nothing of it. */
  readonly meanError: readonly (number | null)[];
  readonly covariance: readonly number[];
}

/** Draws of a walk, and what was walked. */
export interface WalkDraws {
  readonly density: ExactDensity;
  readonly effectiveSigma: number;
  readonly ybar: ChainDraws;
  readonly xhat: ChainDraws;
  /** One `[chains]` for each draw, of kernels with an accept test. */
  readonly acceptance: readonly Float64Array[];
}

/**
 * Reads what the draws say of the density and of the walk; absent for walks too short to say it.
 * @throws the signal's reason, soon after it is aborted.
 */
export async function summarizeWalk(
  { density, effectiveSigma, ybar, xhat, acceptance }: WalkDraws,
  work: Work = {},
): Promise<WalkSummary | undefined> {
  const [chains, draws] = ybar.shape;
  if (draws < ENOUGH) return undefined;
  let done = 0;
  /** Parts are looked at one by one: a signal waits for one of them at most. */
  const part = async <T>(read: () => T): Promise<T> => {
    await pause();
    work.signal?.throwIfAborted();
    const found = read();
    work.onProgress?.({ label: 'reading the walk', done: ++done, of: PARTS, unit: 'parts' });
    return found;
  };
  return {
    ybar: await part(() => momentsOf(ybar)),
    xhat: await part(() => momentsOf(xhat)),
    ...(await part(() => diagnoseChains(ybar))),
    autocorrelationTime: await part(() => [...autocorrelationTime(ybar)]),
    squaredJumpDistance: await part(() => squaredJumpDistance(ybar).mean),
    ...(acceptance.length > 0 && { acceptance: meanAcceptance(acceptance, chains) }),
    ...(density.type !== 'poisson' && {
      equipartition: await part(() => equipartitionOf(ybar, xhat, effectiveSigma)),
      slicedWasserstein: await distanceToExact(density, effectiveSigma, ybar, work),
    }),
    ...(density.type === 'mixture' && { modes: await part(() => modesOf(density, ybar)) }),
  };
}

function equipartitionOf(ybar: ChainDraws, xhat: ChainDraws, sigma: number) {
  const scores = scoresOfJumps(ybar.data, xhat.data, sigma);
  const { values, errors } = equipartition(ybar, scores);
  return { values: [...values], errors: [...errors] };
}

function momentsOf(draws: ChainDraws): Moments {
  const { mean, meanError, covariance } = chainMoments(draws);
  const errors = [...meanError].map((error, i) =>
    hasMoved(coordinateOf(draws, i)) ? error : null,
  );
  return { mean: [...mean], meanError: errors, covariance: [...covariance] };
}

/** Whether any chain has draws that differ. */
const hasMoved = (chains: readonly Float64Array[]) => chains.some((chain) => !isConstant([chain]));

/** @param accepted one `[chains]` for each draw. */
function meanAcceptance(accepted: readonly Float64Array[], chains: number): number {
  const data = new Float64Array(chains * accepted.length);
  accepted.forEach((rates, draw) => {
    for (let chain = 0; chain < chains; chain++)
      data[chain * accepted.length + draw] = rates[chain]!;
  });
  return acceptanceSummary({ data, shape: [chains, accepted.length] }).mean;
}

async function distanceToExact(
  density: Exclude<ExactDensity, { type: 'poisson' }>,
  effectiveSigma: number,
  { data, shape }: ChainDraws,
  work: Work,
) {
  const exact = sampleSmoothed(density, effectiveSigma, randomKey(1), REFERENCE);
  const { distance, standardError } = await slicedWassersteinWork(data, exact.ybar, shape[2], work);
  return { distance, standardError };
}

function modesOf(density: Extract<ExactDensity, { type: 'mixture' }>, draws: ChainDraws) {
  const { occupancy, switches } = modeVisits(nearestModes(draws, density.means), density.weights);
  return { occupancy: [...occupancy], switches };
}
