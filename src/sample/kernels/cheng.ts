import type { Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { drawVelocity, flow, flowNoise } from './langevin.ts';
import { chengStability } from './stability.ts';

/** Position and velocity, both `[chains, dimension]`. */
export interface ChengState extends State {
  readonly velocity: Float32Array;
}

const info: Info = { scoreCalls: 1 };

/**
 * Underdamped Langevin dynamics, solved exactly over each step but for the score, which stays what
 * it was at the start of the step (Cheng, Chatterji, Bartlett & Jordan 2018, "Underdamped Langevin
 * MCMC: A non-asymptotic analysis", algorithm 1 and lemma 11). With ζ = e^{−γδ} and κ = (1 − ζ)/γ,
 *
 *     y' = y + κ v + (u/γ)(δ − κ) ψ(y) + P        v' = ζ v + u κ ψ(y) + V
 *
 * (P, V) jointly normal: Var P = (u/γ)(2δ − 4κ + (1 − ζ²)/γ), Var V = u(1 − ζ²),
 * Cov = (u/γ)(1 − ζ)². One score call a step, two normal numbers a coordinate. Starts from
 * stationary velocities.
 *
 * On a Gaussian of variance s² it is stable while u(κ² − ζ(δ − κ)/γ) < (1 − ζ) s², about
 * uδ < 2γ s² for small γδ, and u((1 + ζ)(δ − κ)/γ − κ²) < 2(1 + ζ) s², which binds at large
 * friction. Frozen scores feed energy in: positions spread too far, with a bias of first order
 * in δ. At γ = 0 nothing removes that energy and no step size is stable.
 */
export const cheng: Kernel<ChengState> = {
  name: 'cheng',
  title: 'Cheng et al. 2018',
  uses: { friction: true, inverseMass: true, trajectory: false },
  stability: chengStability,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize, friction, inverseMass }, noise) {
    const size = noise.chains * target.dimension;
    const score = new Float32Array(size);
    const xi = new Float32Array(size);
    const eta = new Float32Array(size);
    const exact = flow(stepSize, friction, inverseMass);
    const { keep, drift, pushPosition, pushVelocity } = exact;
    const { along, aside, kick } = flowNoise(exact);
    return {
      async init(position) {
        const velocity = new Float32Array(position.length);
        drawVelocity(noise, 0, inverseMass, velocity);
        return { step: 0, position: position.slice(), velocity };
      },
      async step(state) {
        const { position, velocity } = state;
        await target.score(position, score);
        noise.normal(stream.step, state.step, xi);
        noise.normal(stream.step + 1, state.step, eta);
        for (let i = 0; i < size; i++) {
          const v = velocity[i]!;
          const psi = score[i]!;
          position[i]! += drift * v + pushPosition * psi + along * xi[i]! + aside * eta[i]!;
          velocity[i] = keep * v + pushVelocity * psi + kick * xi[i]!;
        }
        state.step += 1;
        return info;
      },
    };
  },
};
