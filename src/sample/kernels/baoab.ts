import type { Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { drawVelocity } from './langevin.ts';
import { verletStability } from './stability.ts';

/** Position, velocity and the score at the position, all `[chains, dimension]`. */
export interface BaoabState extends State {
  readonly velocity: Float32Array;
  readonly score: Float32Array;
}

const info: Info = { scoreCalls: 1 };

/**
 * Underdamped Langevin dynamics, split as half a step of force, half of position, friction, half of
 * position, half of force (Leimkuhler & Matthews 2013, "Rational construction of stochastic
 * numerical methods for molecular sampling", the scheme BAOAB):
 *
 *     v += u δ ψ(y) / 2
 *     y += δ v / 2
 *     v  = e^{−γδ} v + √(u (1 − e^{−2γδ})) ξ
 *     y += δ v / 2
 *     v += u δ ψ(y) / 2
 *
 * The last score serves the next step: one call a step. Starts from stationary velocities. Stable
 * on a Gaussian of variance s² while uδ² < 4 s²; there positions keep the variance s² exactly and
 * velocities have u(1 − uδ²/(4 s²)). At γ = 0 it is velocity Verlet: reversible, energy kept to
 * order δ².
 */
export const baoab: Kernel<BaoabState> = {
  name: 'baoab',
  title: 'BAOAB',
  uses: { friction: true, inverseMass: true, trajectory: false },
  stability: verletStability,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize, friction, inverseMass }, noise) {
    const xi = new Float32Array(noise.chains * target.dimension);
    const half = stepSize / 2;
    const push = (inverseMass * stepSize) / 2;
    const keep = Math.exp(-friction * stepSize);
    const kick = Math.sqrt(inverseMass * -Math.expm1(-2 * friction * stepSize));
    return {
      async init(position) {
        const velocity = new Float32Array(position.length);
        drawVelocity(noise, 0, inverseMass, velocity);
        const score = new Float32Array(position.length);
        const own = position.slice();
        await target.score(own, score);
        return { step: 0, position: own, velocity, score };
      },
      async step(state) {
        const { position, velocity, score } = state;
        noise.normal(stream.step, state.step, xi);
        for (let i = 0; i < position.length; i++) {
          const pushed = velocity[i]! + push * score[i]!;
          const turned = keep * pushed + kick * xi[i]!;
          position[i]! += half * (pushed + turned);
          velocity[i] = turned;
        }
        await target.score(position, score);
        for (let i = 0; i < position.length; i++) velocity[i]! += push * score[i]!;
        state.step += 1;
        return info;
      },
    };
  },
};
