export {
  type Alphabet,
  alphabetSchema,
  GAP,
  ownLetters,
  sequencesOf,
  writeOneHot,
} from './alphabet.ts';
export {
  type DenoiserFile,
  type DenoiserFileInfo,
  describeDenoiser,
  exportDenoiser,
  type OpenOptions,
  openDenoiser,
  readModelConfig,
} from './denoiser-file.ts';
export { denoisingLoss, type GpsOptions, gps, type View } from './gps.ts';
export {
  createModel,
  type DenoiserModel,
  describeNoise,
  inputOf,
  type ModelConfig,
  modelConfigSchema,
  parametrizationNames,
} from './model.ts';
export { type ParametrizationName, parametrizations } from './parametrizations/index.ts';
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
