import { z } from 'zod';
import type { NoiseLevels } from '../density/index.ts';

/** Noise of the measurements that a model learns from. */
export type NoiseConfig = GaussianConfig | PoissonConfig;

/** y_m = x + σε_m, m = 1…M. */
export interface GaussianConfig {
  readonly type: 'gaussian';
  /**
   * σ of one measurement, in units of x, and their number M: what is learned is the class σ̃ = σ/√M
   * or, where the network sees all measurements, the density of these M. With `levels`, the member
   * that is walked unless another is asked for.
   */
  readonly sigma: number;
  readonly measurements: number;
  /** Every noise level σ̃ that the network learns, where it is told its level. */
  readonly levels?: NoiseLevels | undefined;
}

/** y_m ~ Poisson(λ(x + b)), m = 1…M: what is learned is the class Mλ. */
export interface PoissonConfig {
  readonly type: 'poisson';
  /** λ, counts per unit of x. */
  readonly rate: number;
  /** b, in units of x. */
  readonly background: number;
  readonly measurements: number;
}

const positive = z.number().positive();
const count = z.int().min(1);

const levelsSchema = z.union([
  z
    .strictObject({ from: positive, to: positive })
    .refine(({ from, to }) => from < to, 'ends before it begins'),
  z
    .strictObject({ values: z.array(positive).min(1) })
    .refine(({ values }) => values.every((value, i) => i === 0 || values[i - 1]! < value), {
      message: 'do not rise',
    }),
]);

/** Slack of a comparison of noise levels: they are computed by several ways. */
export const LEVEL_SLACK = 1e-6;

/** Tells whether σ̃ is one of `levels`, up to rounding. */
export function isLevel(levels: NoiseLevels, sigma: number): boolean {
  const slack = LEVEL_SLACK * sigma;
  return 'values' in levels
    ? levels.values.some((value) => Math.abs(value - sigma) <= slack)
    : sigma >= levels.from - slack && sigma <= levels.to + slack;
}

export const noiseSchema: z.ZodType<NoiseConfig> = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('gaussian'),
      sigma: positive,
      measurements: count,
      levels: levelsSchema.optional(),
    })
    .refine(
      ({ sigma, measurements, levels }) =>
        !levels || isLevel(levels, sigma / Math.sqrt(measurements)),
      { path: ['sigma'], message: 'σ/√M is not among the levels' },
    ),
  z.strictObject({
    type: z.literal('poisson'),
    rate: positive,
    background: z.number().min(0).default(0),
    measurements: count,
  }),
]);

/**
 * Brings a configuration into today's form. Files of version 0.1 have the fields of the noise
 * loose: `sigma`, or `rate` and `background`, and `measurements`.
 */
export function withNoise(config: unknown): unknown {
  if (typeof config !== 'object' || config === null || 'noise' in config) return config;
  const { sigma, rate, background, measurements, ...rest } = config as Record<string, unknown>;
  const noise =
    rate === undefined
      ? { type: 'gaussian', sigma, measurements }
      : { type: 'poisson', rate, background, measurements };
  return { ...rest, noise };
}
