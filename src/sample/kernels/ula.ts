import type { Info, Kernel } from '../kernel.ts';
import { stream } from '../noise.ts';
import { overdampedStability } from './stability.ts';

const info: Info = { scoreCalls: 1 };

/**
 * Overdamped Langevin dynamics by the method of Euler and Maruyama, the unadjusted Langevin
 * algorithm (Roberts & Tweedie 1996, "Exponential convergence of Langevin distributions and their
 * discrete approximations", section 1.4.1), in the step size of the other kernels:
 *
 *     y += (u δ²/2) ψ(y) + δ √u ξ
 *
 * One score call a step; friction plays no part. Stable on a Gaussian of variance s² while
 * uδ² < 4 s²; there positions have variance s²/(1 − uδ²/(4 s²)): too wide, by second order in δ.
 */
export const ula: Kernel = {
  name: 'ula',
  title: 'ULA, overdamped',
  uses: { friction: false, inverseMass: true, trajectory: false },
  stability: overdampedStability,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize, inverseMass }, noise) {
    const score = new Float32Array(noise.chains * target.dimension);
    const xi = new Float32Array(noise.chains * target.dimension);
    const push = (inverseMass * stepSize * stepSize) / 2;
    const kick = Math.sqrt(inverseMass) * stepSize;
    return {
      async init(position) {
        return { step: 0, position: position.slice() };
      },
      async step(state) {
        const { position } = state;
        await target.score(position, score);
        noise.normal(stream.step, state.step, xi);
        for (let i = 0; i < position.length; i++) {
          position[i]! += push * score[i]! + kick * xi[i]!;
        }
        state.step += 1;
        return info;
      },
    };
  },
};
