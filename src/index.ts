/** The package's front door in Node: from data to samples and what they are worth. */
export {
  type Dataset,
  datasetOf,
  type Values,
} from './data/index.ts';
export { loadDataset } from './data/node/index.ts';
export type {
  BayesEstimator,
  CountDenoiser,
  Denoiser,
  DenoiserFamily,
} from './density/index.ts';
export {
  DivergedError,
  type ErrorCode,
  UserError,
} from './errors.ts';
export { type EvaluateDrawsOptions, evaluate, type Findings } from './evaluate/model/index.ts';
export {
  type DenoiserFile,
  exportDenoiser,
  gaussian,
  type NoiseConfig,
  poisson,
} from './model/index.ts';
export {
  type Network,
  type NetworkConfig,
  networks as presets,
  type Scope,
} from './nn/index.ts';
export type { Progress, Work } from './progress.ts';
export { openModel } from './run/index.ts';
export {
  collect,
  countKernels,
  type Draws,
  type Kernel,
  kernels,
  type WalkJumpOptions,
  walkJump,
} from './sample/index.ts';
export {
  type Checkpoint,
  type Trained,
  type TrainOptions,
  train,
} from './train/index.ts';
