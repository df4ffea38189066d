export {
  type DenoiserFile,
  exportDenoiser,
  type OpenOptions,
  openDenoiser,
} from './denoiser-file.ts';
export { denoisingLoss, type GpsOptions, gps, type View } from './gps.ts';
export { createModel, type DenoiserModel, type ModelConfig } from './model.ts';
