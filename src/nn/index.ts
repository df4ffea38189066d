export { attention } from './attention.ts';
export { conv } from './conv.ts';
export { norm } from './group-norm.ts';
export { fanIn, type Initializer, ones, zeros } from './initialize.ts';
export { linear } from './linear.ts';
export { type MlpConfig, mlp } from './mlp.ts';
export { createNetwork, type NetworkConfig, networkSchema } from './networks.ts';
export { findPreset, type Preset, presets } from './presets.ts';
export { depthToSpace, downsample, spaceToDepth, upsample } from './resample.ts';
export { residualBlock } from './residual-block.ts';
export {
  bindParameters,
  countParameters,
  initializeParameters,
  listParameters,
  type Network,
  type ParameterSpec,
  type Scope,
} from './scope.ts';
export { type UNetConfig, unet } from './unet.ts';
