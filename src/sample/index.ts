export {
  byChain,
  type Collector,
  collect,
  collector,
  type Draws,
  drawOf,
  framesOf,
} from './collect.ts';
export { type CountJumpTarget, countTarget } from './count-target.ts';
export { type DrawnJumps, drawJumps } from './draws.ts';
export { fixedGuide } from './fixed.ts';
export { type HalfOptions, type HalfReport, withHalfScores } from './half.ts';
export { type ExampleStart, positionsFrom } from './initial.ts';
export {
  type Int8Options,
  type Int8Report,
  inEightBits,
  quantizeDenoiser,
} from './int8.ts';
export type { Jump } from './jump.ts';
export type {
  CountTarget,
  Info,
  Kernel,
  KernelParameters,
  KernelUses,
  State,
  Target,
  Walk,
} from './kernel.ts';
export type { BaoabState } from './kernels/baoab.ts';
export type { BaoabLimitState } from './kernels/baoab-limit.ts';
export type { ChengState } from './kernels/cheng.ts';
export {
  type CountKernelName,
  countKernels,
  type KernelName,
  kernels,
  scoreCallsOf,
} from './kernels/index.ts';
export type { MalaState } from './kernels/mala.ts';
export type { MetropolisState } from './kernels/metropolis.ts';
export type { SachsState } from './kernels/sachs.ts';
export type { ShenLeeState } from './kernels/shen-lee.ts';
export { checkWalkMemory, type WalkSize, walkBytes } from './memory.ts';
export { type Metric, type MetricOptions, metricOf, temperedMasses } from './metric.ts';
export { type ChainNoise, chainNoise, stream } from './noise.ts';
export type {
  FixedCoordinates,
  KernelOption,
  MeasuringProgress,
  WalkJumpOptions,
  WalkKind,
} from './options.ts';
export { gridPicture, scaleOf, stripsPicture } from './picture-sizes.ts';
export { filmstrips, type LayoutOptions, type Raster, tileImages } from './pictures.ts';
export { encodePng } from './png.ts';
export { drawMeasurements, type MeasurementOptions } from './residuals.ts';
export { type BlockOptions, measurementsOfBlocks } from './sequential/measurements.ts';
export {
  type Blocks,
  blockSizes,
  furtherCalls,
  type Member,
  type MemberOptions,
  sequentialMember,
} from './sequential/member.ts';
export type { SequentialState } from './sequential/state.ts';
export { sequentialWalkJump } from './sequential/walk.ts';
export { callsOfSteered, type SteerOptions, steeredAt } from './steer.ts';
export { type GpsTarget, gpsTarget, type JumpTarget, targetOf } from './target.ts';
export { fixedBy, type SequenceModel } from './template.ts';
export {
  type Draw,
  gaussianDraws,
  poissonDraws,
  type WalkOptions,
} from './walk-draws.ts';
export { walkJump } from './walk-jump.ts';
export { numbersOf, type WalkKindChoice, type WalkNumbers, walkKindOf } from './walk-kind.ts';
