export { type AdditiveUNetConfig, additiveUnet } from './additive-unet.ts';
export { type AttentionOptions, attention } from './attention.ts';
export type { Autoencoder, Code } from './autoencoder.ts';
export { type ByteNetConfig, bytenet } from './bytenet.ts';
export { conv } from './conv.ts';
export { conv1d } from './conv1d.ts';
export { dropout } from './dropout.ts';
export { sinusoids, timeEmbedding } from './embedding.ts';
export { type Modulation, norm } from './group-norm.ts';
export { fanIn, type Initializer, ones, zeros } from './initialize.ts';
export { linear } from './linear.ts';
export { type MlpConfig, mlp } from './mlp.ts';
export {
  canBeTold,
  createAutoencoder,
  createNetwork,
  type NetworkConfig,
  networkKind,
  networkSchema,
} from './networks.ts';
export { findPreset, networks, type Preset, presets } from './presets.ts';
export { type ResBlockOptions, resBlock } from './res-block.ts';
export { depthToSpace, halve, repeat, spaceToDepth } from './resample.ts';
export {
  bindParameters,
  countParameters,
  initializeParameters,
  listParameters,
  type Network,
  type ParameterSpec,
  type Scope,
  type Told,
} from './scope.ts';
export { toldEmbedding } from './told.ts';
export { unet } from './unet.ts';
export { type UNetConfig, unetSchema } from './unet-config.ts';
