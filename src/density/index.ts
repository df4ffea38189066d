export { checkPoints } from './checks.ts';
export type {
  BayesEstimator,
  CountDenoiser,
  Denoiser,
  DenoiserFamily,
  NoiseLevels,
} from './denoiser.ts';
export { type Density, exactDenoiser, type SmoothedDensity, sampleSmoothed } from './density.ts';
export { type EmpiricalDensity, empirical } from './empirical.ts';
export { estimateFromRatio, estimateFromScore, sufficientMean } from './estimator.ts';
export { type FactorPlace, largestCurvature } from './factors.ts';
export { checkLevel, type ExactFamily, exactFamily, hasLevel } from './family.ts';
export { type GaussianDensity, gaussian } from './gaussian.ts';
export {
  effectiveNoise,
  gpsLogDensity,
  gpsScore,
  meanOfMeasurements,
  type UniversalityClass,
  universalityClass,
} from './gps.ts';
export {
  classifierFree,
  type GuidanceOptions,
  type Guide,
  guided,
  guidedFamily,
  type Observation,
  observationGuide,
} from './guidance.ts';
export { type MDensity, mDensity } from './m-density.ts';
export { type ClassMember, moveToMember } from './member.ts';
export { type MixtureDensity, type MixtureParameters, mixture } from './mixture.ts';
export {
  type GaussianNoise,
  gaussianNoise,
  type NoiseModel,
  type PoissonNoise,
  poissonNoise,
  sampleMeasurements,
  unequalGaussianNoise,
} from './noise.ts';
export {
  densityTypes,
  type ExactDensity,
  type LoadedPoints,
  parseDensity,
  pointsFile,
} from './parse.ts';
export {
  type PoissonDensity,
  type PoissonMDensity,
  type PoissonParameters,
  poisson,
} from './poisson.ts';
export {
  type Eigenvalue,
  gaussianSpectrum,
  gaussianSpectrumOf,
  type Spectrum,
} from './spectrum.ts';
export {
  contraction,
  type LinearStability,
  type LinearStep,
  largestStableStep,
  type StabilityOptions,
} from './stability.ts';
export { findTarget, targetNames } from './targets.ts';
