export {
  type AutocorrelationTimeOptions,
  autocorrelation,
  autocorrelationTime,
} from './autocorrelation.ts';
export type { ChainDraws } from './draws.ts';
export { type EffectiveSampleSizeOptions, effectiveSampleSize } from './effective-sample-size.ts';
export {
  likeliestModes,
  type ModeAssignment,
  type ModeVisits,
  modeVisits,
  nearestModes,
} from './modes.ts';
export { type ChainMoments, type ChainMomentsOptions, chainMoments } from './moments.ts';
export {
  type Acceptance,
  acceptanceSummary,
  type ChainSteps,
  type EnergyError,
  energyErrorSummary,
  type JumpDistance,
  squaredJumpDistance,
} from './movement.ts';
export { type Neighbour, nearestExamples } from './nearest.ts';
export { type RHatOptions, rHat } from './r-hat.ts';
export {
  EXACT_WASSERSTEIN_LIMIT,
  exactWasserstein,
  type SlicedWasserstein,
  type SlicedWassersteinOptions,
  slicedWasserstein,
  wasserstein1d,
} from './wasserstein.ts';
