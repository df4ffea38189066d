import { add, div, mul, sqrt, sub } from '../../graph/index.ts';
import type { Optimizer } from './optimizer.ts';

/** Makes Adagrad (Duchi et al. 2011), the optimizer of paper A. */
export function adagrad({ epsilon = 1e-10 }: { readonly epsilon?: number } = {}): Optimizer {
  return {
    name: 'adagrad',
    slots: ['square'],
    update: ({ parameters, gradient, slots, learningRate }) => {
      const square = add(slots[0]!, mul(gradient, gradient));
      const move = div(mul(gradient, learningRate), add(sqrt(square), epsilon));
      return { parameters: sub(parameters, move), slots: [square] };
    },
  };
}
