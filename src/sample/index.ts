export { type CountJumpTarget, countTarget } from './count-target.ts';
export type {
  CountTarget,
  Info,
  Kernel,
  KernelParameters,
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
export { type ChainNoise, chainNoise, stream } from './noise.ts';
export type { FixedCoordinates, WalkJumpOptions } from './options.ts';
export { filmstrips, type LayoutOptions, type Raster, tileImages } from './pictures.ts';
export { encodePng } from './png.ts';
export { drawMeasurements, type MeasurementOptions } from './residuals.ts';
export { type GpsTarget, gpsTarget, type JumpTarget, targetOf } from './target.ts';
export { type Jump, walkJump } from './walk-jump.ts';
