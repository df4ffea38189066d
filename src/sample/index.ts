export type { Info, Kernel, KernelParameters, State, Target, Walk } from './kernel.ts';
export { type KernelName, kernels } from './kernels/index.ts';
export type { SachsState } from './kernels/sachs.ts';
export { type ChainNoise, chainNoise, stream } from './noise.ts';
export type { WalkJumpOptions } from './options.ts';
export { filmstrips, type LayoutOptions, type Raster, tileImages } from './pictures.ts';
export { type GpsTarget, gpsTarget } from './target.ts';
export { type Jump, walkJump } from './walk-jump.ts';
