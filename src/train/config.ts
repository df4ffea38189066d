import { z } from 'zod';
import { UserError } from '../errors.ts';
import { emaRamps } from './averages.ts';

const count = (minimum: number) => z.int().min(minimum);

/** How a model is trained: everything that decides the numbers, and nothing else. */
export const trainingSchema = z.strictObject({
  optimizer: z.enum(['adam', 'adamw', 'adagrad', 'muon']).default('adam'),
  learningRate: z.number().positive().default(1e-3),
  /** Steps over which the learning rate rises linearly from 0. */
  warmup: count(0).default(100),
  /** How it falls from the end of the warm-up to the last step. */
  decay: z.enum(['none', 'linear', 'cosine']).default('cosine'),
  /**
   * Share of the steps after the warm-up at which it begins to fall: 0.8 keeps it constant, then
   * lets it fall.
   */
  decayFrom: z.number().min(0).lt(1).default(0),
  weightDecay: z.number().min(0).default(0.01),
  /** Updates of the parameters. */
  steps: count(1).default(2000),
  /** Examples per update. */
  batch: count(1).default(64),
  /** Parts a batch is split into, to need less memory; must divide it. */
  microBatches: count(1).default(1),
  /** Compute the blocks of the network again in the backward pass: less memory, more work. */
  recompute: z.boolean().default(false),
  /** Decay of the moving average of the parameters, which is the model that is kept. */
  ema: z.number().min(0).lt(1).default(0.99),
  /** How that decay rises at first; `early`: at step t it is at most (1 + t)/(10 + t). */
  emaRamp: z.enum(emaRamps).default('early'),
  /**
   * Steps between snapshots of two averages, from which one of any length can be made; 0 keeps
   * none.
   */
  snapshotEvery: count(0).default(0),
  /** Largest gradient norm; 0 is no limit. */
  clip: z.number().min(0).default(0),
  /** Mirror images left to right at random. */
  flip: z.boolean().default(false),
  /** Give every second example the noise of the one before it, turned around. */
  antithetic: z.boolean().default(false),
  /** Examples held out of the data, chosen by the seed and never trained on. */
  validation: count(0).default(0),
  seed: z.int().min(0).default(0),
});

/** As a run has recorded it: what older runs do not say was not done. */
export const recordedTrainingSchema = trainingSchema.extend({
  emaRamp: trainingSchema.shape.emaRamp.unwrap().default('none'),
});

export type TrainingConfig = z.output<typeof trainingSchema>;

/**
 * Reads settings, with defaults where nothing is given.
 *
 * @throws UserError naming the first that is out of range, and what it was given.
 */
export function parseTraining(settings: Readonly<Record<string, unknown>>): TrainingConfig {
  const result = trainingSchema.safeParse(settings);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const option = path.join('.');
  const value = settings[option];
  throw new UserError(`${option} ${String(value)}: ${message}; give another`, {
    facts: { option, value },
  });
}

/**
 * Computes the learning rate of a step, counted from 1: linear warm-up, constant up to `decayFrom`,
 * then the decay.
 */
export function learningRate(config: TrainingConfig, step: number): number {
  const { warmup, steps, decay, decayFrom } = config;
  const rise = Math.min(1, step / Math.max(1, warmup));
  const start = warmup + decayFrom * (steps - warmup);
  const progress = Math.min(1, Math.max(0, step - start) / Math.max(1, steps - start));
  const fall = { none: 1, linear: 1 - progress, cosine: (1 + Math.cos(Math.PI * progress)) / 2 };
  return config.learningRate * rise * fall[decay];
}
