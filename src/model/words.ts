/** What models are called. */
import type { NoiseLevels } from '../density/index.ts';
import type { ModelConfig } from './config.ts';
import { inputOf } from './model.ts';
import type { NoiseConfig } from './noise.ts';

/** Names the member GPS(M, σ) that a model was trained as. */
export function gpsName(noise: NoiseConfig): string {
  return `GPS(${noise.measurements}, ${short(noise.type === 'gaussian' ? noise.sigma : noise.rate)})`;
}

const short = (value: number) => Number(value.toPrecision(4));

/** Describes noise levels in words. */
export const describeLevels = (levels: NoiseLevels): string =>
  'values' in levels
    ? `σ̃ = ${levels.values.map(short).join(', ')}`
    : `σ̃ from ${short(levels.from)} to ${short(levels.to)}`;

/** Names the class of a model, or the one density that it is of. */
export function describeNoise(config: ModelConfig): string {
  const { stacked, inputSigma, rate } = inputOf(config);
  const { noise } = config;
  if (noise.type === 'poisson') {
    const { background } = noise;
    return `Mλ = ${short(rate!)}${background > 0 ? `, background ${background}` : ''}`;
  }
  if (noise.levels) return describeLevels(noise.levels);
  const sigma = short(inputSigma);
  return stacked === 1 ? `σ̃ = ${sigma}` : `M = ${stacked}, σ = ${sigma}`;
}
