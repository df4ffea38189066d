import { add, mul, reshape, sub } from '../../graph/index.ts';
import { adam } from './adam.ts';
import type { Optimizer } from './optimizer.ts';
import { orthogonalize } from './orthogonalize.ts';

export interface MuonOptions {
  /** Decay of the mean of gradients. */
  readonly momentum?: number;
  /** Decoupled, for all parameters. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Root mean square of an update at learning rate 1, about that of Adam's (Liu et al. 2025, section
 * 2.2).
 */
const UPDATE_SIZE = 0.2;

/**
 * Makes Muon (Jordan et al. 2024): matrices move along the orthogonalized Nesterov momentum of
 * their gradient, scaled by 0.2·√max(m, n), so that one learning rate and one weight decay serve
 * them and all other parameters (Liu et al. 2025, "Muon is scalable for LLM training", eq. 4). The
 * others are left to AdamW with β₂ = 0.95.
 */
export function muon({ momentum = 0.95, weightDecay = 0 }: MuonOptions = {}): Optimizer {
  const others = adam({ beta2: 0.95, weightDecay });
  return {
    name: 'muon',
    slots: others.slots,
    matrixSlots: ['mean'],
    update: (call) => {
      const { parameters, gradient, slots, learningRate, matrices } = call;
      if (matrices === undefined) return others.update(call);
      const [, rows, columns] = matrices as readonly [number, number, number];
      const mean = add(mul(slots[0]!, momentum), mul(gradient, 1 - momentum));
      const ahead = add(mul(mean, momentum), mul(gradient, 1 - momentum));
      const direction = reshape(orthogonalize(reshape(ahead, matrices)), parameters.shape);
      const size = UPDATE_SIZE * Math.sqrt(Math.max(rows, columns));
      const kept =
        weightDecay > 0 ? mul(parameters, sub(1, mul(learningRate, weightDecay))) : parameters;
      return {
        parameters: sub(kept, mul(direction, mul(learningRate, size))),
        slots: [mean],
      };
    },
  };
}
