import type { Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { drawVelocity, drift } from './langevin.ts';
import { verletStability } from './stability.ts';

/** Position and velocity, both `[chains, dimension]`. */
export interface SachsState extends State {
  readonly velocity: Float32Array;
}

const info: Info = { scoreCalls: 1 };

/**
 * Underdamped Langevin dynamics, split as half a step of position, force, friction, force, half a
 * step of position (Sachs, Leimkuhler & Danos 2017, "Langevin dynamics with variable coefficients
 * and nonconservative forces"; the walk of Saremi, Srivastava & Bach 2023):
 *
 *     y += δ v / 2
 *     v += u δ ψ(y) / 2
 *     v  = e^{−γδ} v + √(u (1 − e^{−2γδ})) ξ
 *     v += u δ ψ(y) / 2
 *     y += δ v / 2
 *
 * One score call a step. Starts from stationary velocities, v ~ N(0, u I). Stable on a Gaussian of
 * variance s² while u δ² < 4 s²; there positions keep the variance s² exactly and velocities have
 * u/(1 − u δ²/(4 s²)). At γ = 0 it is the leapfrog method: reversible, energy kept to
 * order δ².
 */
export const sachs: Kernel<SachsState> = {
  name: 'sachs',
  title: 'Sachs et al. 2017',
  uses: { friction: true, inverseMass: true, trajectory: false },
  stability: verletStability,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize, friction, inverseMass }, noise) {
    const score = new Float32Array(noise.chains * target.dimension);
    const xi = new Float32Array(noise.chains * target.dimension);
    const half = stepSize / 2;
    const push = (inverseMass * stepSize) / 2;
    const keep = Math.exp(-friction * stepSize);
    const kick = Math.sqrt(inverseMass * -Math.expm1(-2 * friction * stepSize));
    return {
      async init(position) {
        const velocity = new Float32Array(position.length);
        drawVelocity(noise, 0, inverseMass, velocity);
        return { step: 0, position: position.slice(), velocity };
      },
      async step(state) {
        const { position, velocity } = state;
        drift(position, velocity, half);
        await target.score(position, score);
        noise.normal(stream.step, state.step, xi);
        force(velocity, score, xi, push, keep, kick);
        drift(position, velocity, half);
        state.step += 1;
        return info;
      },
    };
  },
};

/** The three middle lines: force, friction and noise, force. */
function force(
  velocity: Float32Array,
  score: Float32Array,
  xi: Float32Array,
  push: number,
  keep: number,
  kick: number,
): void {
  for (let i = 0; i < velocity.length; i++) {
    const pushed = velocity[i]! + push * score[i]!;
    velocity[i] = keep * pushed + kick * xi[i]! + push * score[i]!;
  }
}
