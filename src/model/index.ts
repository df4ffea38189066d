export {
  type DenoiserFile,
  type DenoiserFileInfo,
  describeDenoiser,
  exportDenoiser,
  type OpenOptions,
  openDenoiser,
} from './denoiser-file.ts';
export { denoisingLoss, type GpsOptions, gps, type View } from './gps.ts';
export { createModel, type DenoiserModel, type ModelConfig, modelConfigSchema } from './model.ts';
export {
  compareWeights,
  describeReport,
  joinWeights,
  type NamedWeights,
  nameWeights,
  readTrainedModel,
  type TrainedModel,
  type WeightArray,
  type WeightsReport,
} from './weights.ts';
