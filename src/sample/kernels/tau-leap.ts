import { drawPoisson } from '../../density/draws.ts';
import type { CountTarget, Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { binomialCount, birthRate, checkCounts, checkRates, refined } from './counts.ts';

const info: Info = { scoreCalls: 1 };

/**
 * The birth–death walk on counts (see `birth-death`) by leaps of time τ = `stepSize`, after
 * Gillespie 2001, "Approximate accelerated stochastic simulation of chemically reacting systems".
 * The estimate stays what it was at the start of the leap; deaths and the deaths of newborns are
 * then exact, as the score is the only thing frozen in `cheng`:
 *
 *     y_l' = Binomial(y_l, e^{−τ}) + Poisson((1 − e^{−τ}) λ x̂_l(y))
 *
 * Counts never turn negative and every τ > 0 is allowed. Where x is known the law Poisson(λx) is
 * kept exactly; otherwise the bias is of first order in τ. One estimator call a step for all
 * coordinates at once; friction and mass play no part.
 */
export const tauLeap: Kernel<State, CountTarget> = {
  name: 'tau-leap',
  title: 'Birth and death by leaps',
  uses: { friction: false, inverseMass: false, trajectory: false },
  counts: true,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize }, noise) {
    checkRates(target.rate, stepSize);
    const size = noise.chains * target.dimension;
    const estimate = new Float32Array(size);
    const uniform = [0, 1, 2, 3].map(() => new Float32Array(size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const survive = Math.exp(-stepSize);
    const arrive = -Math.expm1(-stepSize);
    return {
      async init(position) {
        checkCounts(position, noise.chains);
        return { step: 0, position: position.slice() };
      },
      async step(state) {
        const { position, step } = state;
        await target.estimate(position, estimate);
        for (let k = 0; k < 4; k++) noise.uniform(stream.step + k, step, uniform[k]!);
        const [a, b, c, d] = uniform;
        for (let i = 0; i < size; i++) {
          const chain = Math.floor(i / target.dimension);
          const births = arrive * birthRate(estimate[i]!, target.rate, chain, step);
          position[i] =
            binomialCount(refined(a[i]!, b[i]!), position[i]!, survive) +
            drawPoisson(refined(c[i]!, d[i]!), births);
        }
        state.step += 1;
        return info;
      },
    };
  },
};
