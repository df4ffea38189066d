export {
  type AutocorrelationTimeOptions,
  autocorrelation,
  autocorrelationTime,
} from './autocorrelation.ts';
export {
  type Conformity,
  type ConformityOptions,
  compositionOf,
  conformity,
} from './conformity.ts';
export {
  type ChainDiagnostics,
  type ChainProblem,
  diagnoseChains,
} from './diagnose-chains.ts';
export { createReferences, frechet, frechetName, type References } from './distances.ts';
export type { ChainDraws } from './draws.ts';
export { type EffectiveSampleSizeOptions, effectiveSampleSize } from './effective-sample-size.ts';
export { type Equipartition, equipartition, scoresOfJumps } from './equipartition.ts';
export {
  type EquivarianceError,
  type EquivarianceOptions,
  equivarianceError,
} from './equivariance.ts';
export {
  type EstimatorLoss,
  type EstimatorLossOptions,
  estimatorLoss,
  measurementsOf,
} from './estimator-loss.ts';
export { type EvaluateOptions, evaluate, type Samples } from './evaluate.ts';
export {
  compileFeatures,
  type FeatureNetwork,
  type FeatureNetworkOptions,
  type ImageFeatures,
  pixelFeatures,
} from './feature-network.ts';
export type { EngineOptions } from './feature-sets.ts';
export {
  checkEnough,
  type FeatureStatistics,
  featureStatistics,
  type StatisticsAccumulator,
  statisticsAccumulator,
} from './feature-statistics.ts';
export { classificationAccuracy } from './features/accuracy.ts';
export {
  type EmbeddedFeatureName,
  type EmbeddedFeatureOptions,
  type EmbeddedFeatures,
  embeddedFeatureNames,
  embeddedFeatures,
  type FeatureCard,
} from './features/embedded.ts';
export { frechetDistance } from './frechet-distance.ts';
export {
  CHAIN_DRAWS,
  type ClassVisits,
  type ImageChainDiagnostics,
  type ImageChainOptions,
  imageChainDiagnostics,
  SLOW_CHAIN_DRAWS,
  type Stretch,
} from './image-chains.ts';
export { type InceptionOptions, openInception } from './inception/open.ts';
export {
  fullKernelDistance,
  type KernelDistance,
  type KernelDistanceOptions,
  kernelDistance,
} from './kernel-distance.ts';
export {
  describeFindings,
  type Findings,
  type MetricName,
  metricNames,
} from './measure.ts';
export {
  type Closeness,
  type Memorisation,
  type MemorisationOptions,
  memorisation,
  type NearestTraining,
} from './memorisation.ts';
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
export {
  type NearestOptions,
  type Neighbour,
  nearestExamples,
  nearestNeighbours,
} from './nearest.ts';
export {
  identity,
  type LabelledSequence,
  type NearestSequence,
  type NearestSequencesOptions,
  nearestSequences,
} from './nearest-sequences.ts';
export {
  type PositionFrequencies,
  positionDivergence,
  positionFrequencies,
} from './position-frequencies.ts';
export {
  type PrecisionRecall,
  type PrecisionRecallOptions,
  precisionRecall,
} from './precision-recall.ts';
export { type RHatOptions, rHat } from './r-hat.ts';
export {
  asBytes,
  type SampledFeatures,
  type SamplingOptions,
  type SamplingProgress,
  sampleFeatures,
} from './sampled-features.ts';
export {
  type SequenceStatistics,
  type SequenceStatisticsOptions,
  sequenceStatistics,
  type TrainingComparison,
} from './sequence-statistics.ts';
export { type Trial, type Tuned, type TuneOptions, tuneWalk } from './tune.ts';
export {
  EXACT_WASSERSTEIN_LIMIT,
  exactWasserstein,
  type SlicedWasserstein,
  type SlicedWassersteinOptions,
  slicedWasserstein,
  wasserstein1d,
} from './wasserstein.ts';
