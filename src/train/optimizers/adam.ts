import { add, div, mul, pow, sqrt, sub } from '../../graph/index.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled weight decay (AdamW, Loshchilov & Hutter 2019). Default 0: plain Adam. */
  readonly weightDecay?: number;
}

/** Makes Adam (Kingma & Ba 2015, algorithm 1), with decoupled weight decay where asked for. */
export function adam(options: AdamOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  return {
    name: weightDecay > 0 ? 'adamw' : 'adam',
    slots: ['mean', 'square'],
    update: ({ parameters, gradient, slots, learningRate, step }) => {
      const mean = add(mul(slots[0]!, beta1), mul(gradient, 1 - beta1));
      const square = add(mul(slots[1]!, beta2), mul(mul(gradient, gradient), 1 - beta2));
      // Bias corrections are scalars: they go into the rate and the epsilon, not through the
      // vectors.
      const rootCorrection = sqrt(sub(1, pow(beta2, step)));
      const rate = div(mul(learningRate, rootCorrection), sub(1, pow(beta1, step)));
      const move = div(mul(mean, rate), add(sqrt(square), mul(rootCorrection, epsilon)));
      const kept =
        weightDecay > 0 ? mul(parameters, sub(1, mul(learningRate, weightDecay))) : parameters;
      return { parameters: sub(kept, move), slots: [mean, square] };
    },
  };
}
