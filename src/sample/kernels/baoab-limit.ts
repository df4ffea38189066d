import type { Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { overdampedStability } from './stability.ts';

/** Position and the noise ξ_k that the next step uses again, both `[chains, dimension]`. */
export interface BaoabLimitState extends State {
  readonly noise: Float32Array;
}

const info: Info = { scoreCalls: 1 };

/**
 * BAOAB at infinite friction (Leimkuhler & Matthews 2013, "Rational construction of stochastic
 * numerical methods for molecular sampling", section 2; Jain & Poole 2022 sample smoothed densities
 * with it): overdamped Langevin dynamics whose noise is the mean of two draws, each used twice.
 *
 *     y += (u δ²/2) ψ(y) + (δ √u / 2)(ξ_k + ξ_{k+1})
 *
 * One score call and one new draw a step, as cheap as `ula`; friction plays no part. Stable on a
 * Gaussian of variance s² while uδ² < 4 s², and there the variance s² is kept exactly; in general
 * the bias is of fourth order in δ, that is second order in the time uδ²/2.
 */
export const baoabLimit: Kernel<BaoabLimitState> = {
  name: 'baoab-limit',
  title: 'BAOAB, overdamped limit',
  uses: { friction: false, inverseMass: true, trajectory: false },
  stability: overdampedStability,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize, inverseMass }, noise) {
    const score = new Float32Array(noise.chains * target.dimension);
    const xi = new Float32Array(noise.chains * target.dimension);
    const push = (inverseMass * stepSize * stepSize) / 2;
    const kick = (Math.sqrt(inverseMass) * stepSize) / 2;
    return {
      async init(position) {
        const first = new Float32Array(position.length);
        noise.normal(stream.step, 0, first);
        return { step: 0, position: position.slice(), noise: first };
      },
      async step(state) {
        const { position, noise: last } = state;
        await target.score(position, score);
        noise.normal(stream.step, state.step + 1, xi);
        for (let i = 0; i < position.length; i++) {
          position[i]! += push * score[i]! + kick * (last[i]! + xi[i]!);
        }
        last.set(xi);
        state.step += 1;
        return info;
      },
    };
  },
};
