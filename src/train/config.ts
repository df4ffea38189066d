import { z } from 'zod';

const count = (minimum: number) => z.int().min(minimum);

/** How a model is trained: everything that decides the numbers, and nothing else. */
export const trainingSchema = z.strictObject({
  /** Noise σ of one measurement, in units of the data; absent where measurements are Poisson. */
  sigma: z.number().positive().optional(),
  /** λ of y_m ~ Poisson(λx), counts per unit of the data; absent where noise is Gaussian. */
  rate: z.number().positive().optional(),
  /** b of y_m ~ Poisson(λ(x + b)), in units of the data. */
  background: z.number().min(0).optional(),
  /** Measurements M; the network learns the class σ̃ = σ/√M, or Mλ. */
  measurements: count(1).default(1),
  /** What the network's output means; see `gps`. */
  view: z.enum(['denoised', 'noise']).default('denoised'),
  optimizer: z.enum(['adam', 'adamw', 'adagrad']).default('adam'),
  learningRate: z.number().positive().default(1e-3),
  /** Steps over which the learning rate rises linearly from 0. */
  warmup: count(0).default(100),
  /** How it falls from the end of the warm-up to the last step. */
  decay: z.enum(['none', 'linear', 'cosine']).default('cosine'),
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
  /** Largest gradient norm; 0 is no limit. */
  clip: z.number().min(0).default(0),
  /** Mirror images left to right at random. */
  flip: z.boolean().default(false),
  /** Examples held out of the data, chosen by the seed and never trained on. */
  validation: count(0).default(0),
  seed: z.int().min(0).default(0),
});

export type TrainingConfig = z.output<typeof trainingSchema>;

/** Learning rate of a step, counted from 1: linear warm-up, then the decay. */
export function learningRate(config: TrainingConfig, step: number): number {
  const { warmup, steps, decay } = config;
  const rise = Math.min(1, step / Math.max(1, warmup));
  const progress = Math.min(1, Math.max(0, step - warmup) / Math.max(1, steps - warmup));
  const fall = { none: 1, linear: 1 - progress, cosine: (1 + Math.cos(Math.PI * progress)) / 2 };
  return config.learningRate * rise * fall[decay];
}
