import { choice, flag, linkSchema, number, whole } from '../../link.ts';
import { targetFields } from '../../target/fields.ts';
import { dataNames, networkNames } from './networks.ts';

/** What a link to this view holds: all that decides the numbers of a training, and what is shown of it. */
export const schema = linkSchema(1, {
  ...targetFields,
  data: choice('plane', dataNames),
  network: choice('mlp', networkNames),
  optimizer: choice('adam', ['adam', 'adamw', 'adagrad']),
  rate: number(1e-3, { min: 1e-6, max: 10 }),
  batch: whole(64, { min: 1, max: 4096 }),
  steps: whole(2000, { min: 1, max: 1e6 }),
  warmup: whole(100, { min: 0, max: 1e5 }),
  decay: choice('cosine', ['none', 'linear', 'cosine']),
  ema: number(0.99, { min: 0, max: 0.9999 }),
  clip: number(0, { min: 0, max: 1e4 }),
  weightDecay: number(0.01, { min: 0, max: 1 }),
  seed: whole(0, { min: 0 }),
  device: choice('auto', ['auto', 'cpu', 'webgpu']),
  /** Steps of training between two looks, and steps of the walk of each. */
  every: whole(100, { min: 1, max: 1e5 }),
  walk: whole(60, { min: 1, max: 1000 }),
  exact: flag(false),
  arrows: flag(true),
  jumps: flag(false),
  samples: flag(true),
});
