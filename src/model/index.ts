export {
  type ClassChoice,
  type ClassCondition,
  type Condition,
  type ConditionConfig,
  classIndex,
  conditionRows,
  conditionShape,
  type VectorCondition,
  widthOf,
  withoutCondition,
} from './condition.ts';
export { type ModelConfig, modelConfigSchema, parametrizationNames } from './config.ts';
export type { DataScale } from './data-scale.ts';
export {
  type DenoiserFile,
  type DenoiserFileInfo,
  describeDenoiser,
  fixLevel,
  type OpenOptions,
  openDenoiser,
  readModelConfig,
} from './denoiser-file.ts';
export {
  type ExportOptions,
  exportDenoiser,
  exportDenoiserBeside,
  exportDenoiserPieces,
  needsFileBeside,
} from './export-denoiser.ts';
export {
  type ConditionalFamily,
  conditionInput,
  familyOf,
  LEVEL_INPUT,
  type ToldArrays,
} from './family.ts';
export {
  denoisingLoss,
  type GpsOptions,
  gps,
  lossWeight,
  lossWeightOf,
  type View,
  views,
} from './gps.ts';
export { createModel, type DenoiserModel, inputOf, levelsOf } from './model.ts';
export {
  type GaussianConfig,
  isLevel,
  LEVEL_SLACK,
  type NoiseConfig,
  type PoissonConfig,
} from './noise.ts';
export { gaussian, poisson } from './noise-values.ts';
export { fetchModelBytes, openModelBytes } from './open-model.ts';
export { type ParametrizationName, parametrizations } from './parametrizations/index.ts';
export {
  findRecipe,
  type OpenAiSettings,
  openAiRecipe,
  type Published,
  type ReadPretrainedOptions,
  type Recipe,
  readPretrained,
  recipes,
} from './pretrained/index.ts';
export { withRough } from './rough.ts';
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
export { describeLevels, describeNoise, gpsName } from './words.ts';
