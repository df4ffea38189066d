import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { muon } from './muon.ts';
import type { Optimizer } from './optimizer.ts';

/**
 * Optimizers by the name a configuration uses, with the weight decay that `adamw` and `muon` take.
 */
export const optimizers = {
  adam: () => adam(),
  adamw: (weightDecay: number) => adam({ weightDecay }),
  adagrad: () => adagrad(),
  muon: (weightDecay: number) => muon({ weightDecay }),
} as const satisfies Record<string, (weightDecay: number) => Optimizer>;

export type { Optimizer };
export { adagrad, adam, muon };
