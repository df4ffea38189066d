import { z } from 'zod';
import { effectiveNoise } from '../density/index.ts';
import type { Shape } from '../graph/index.ts';
import {
  createNetwork,
  listParameters,
  type Network,
  type NetworkConfig,
  networkSchema,
  type ParameterSpec,
} from '../nn/index.ts';
import { gps, type View } from './gps.ts';

/** What a model is, in words and numbers; kept beside its weights. */
export interface ModelConfig {
  readonly parametrization: 'gps';
  readonly view: View;
  /** Noise σ of one measurement and their number M: the class σ̃ = σ/√M is what is learned. */
  readonly sigma: number;
  readonly measurements: number;
  /** Shape of one example. */
  readonly shape: Shape;
  readonly network: NetworkConfig;
}

/** Reads a `ModelConfig` from a file. */
export const modelConfigSchema: z.ZodType<ModelConfig> = z.object({
  parametrization: z.literal('gps'),
  view: z.enum(['noise', 'denoised']),
  sigma: z.number().positive(),
  measurements: z.int().min(1),
  shape: z.array(z.int().min(1)).min(1),
  network: networkSchema,
});

/** A denoiser ready to build into a graph. */
export interface DenoiserModel {
  /** ν_θ: [batch, ...shape] → the same. */
  readonly denoiser: Network;
  readonly specs: readonly ParameterSpec[];
  readonly shape: Shape;
  /** Effective noise σ̃. */
  readonly effectiveSigma: number;
}

export function createModel(config: ModelConfig): DenoiserModel {
  const effectiveSigma = effectiveNoise(config.sigma, config.measurements);
  const network = createNetwork(config.network);
  const denoiser = gps(network, { effectiveSigma, view: config.view });
  return {
    denoiser,
    specs: listParameters(denoiser, config.shape),
    shape: config.shape,
    effectiveSigma,
  };
}
