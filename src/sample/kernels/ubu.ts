import type { Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { drawVelocity, type Flow, type FlowNoise, flow, flowNoise } from './langevin.ts';
import { ubuStability } from './stability.ts';

/** Position and velocity, both `[chains, dimension]`. */
export interface UbuState extends State {
  readonly velocity: Float32Array;
}

const info: Info = { scoreCalls: 1 };

/**
 * Underdamped Langevin dynamics, split as the exact motion without force over half a step (U), the
 * force of a whole one (B), and U again (Sanz-Serna & Zygalakis 2021, "Wasserstein distance
 * estimates for the distributions of numerical approximations to ergodic stochastic differential
 * equations"). With h = δ/2, ζ = e^{−γh} and κ = (1 − ζ)/γ,
 *
 *     y += κ v + P     v = ζ v + V
 *     v += u δ ψ(y)
 *     y += κ v + P'    v = ζ v + V'
 *
 * (P, V) and (P', V') are normal pairs of the covariance of `flow` over h. Strong order 2 for one
 * score call a step; four normal numbers a coordinate. Starts from stationary velocities.
 *
 * On a Gaussian of variance s² it is stable while u δ² < 2 γδ coth(γδ/2) s², which is 4 s² without
 * friction and more with it; the bias of the covariance is of second order in δ. At γ = 0 it is the
 * leapfrog method.
 */
export const ubu: Kernel<UbuState> = {
  name: 'ubu',
  title: 'UBU, Sanz-Serna & Zygalakis 2021',
  uses: { friction: true, inverseMass: true, trajectory: false },
  stability: ubuStability,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize, friction, inverseMass }, noise) {
    const size = noise.chains * target.dimension;
    const score = new Float32Array(size);
    const xi = new Float32Array(size);
    const eta = new Float32Array(size);
    const half = flow(stepSize / 2, friction, inverseMass);
    const push = inverseMass * stepSize;
    const free = { ...half, ...flowNoise(half) };
    const moveHalf = (state: UbuState, purpose: number) => {
      noise.normal(purpose, state.step, xi);
      noise.normal(purpose + 1, state.step, eta);
      moveFreely(state, free, xi, eta);
    };
    return {
      async init(position) {
        const velocity = new Float32Array(size);
        drawVelocity(noise, 0, inverseMass, velocity);
        return { step: 0, position: position.slice(), velocity };
      },
      async step(state) {
        const { position, velocity } = state;
        moveHalf(state, stream.step);
        await target.score(position, score);
        for (let i = 0; i < size; i++) velocity[i]! += push * score[i]!;
        moveHalf(state, stream.step + 2);
        state.step += 1;
        return info;
      },
    };
  },
};

/** Moves without force, with the noise of the flow. */
function moveFreely(
  { position, velocity }: UbuState,
  { keep, drift, along, aside, kick }: Flow & FlowNoise,
  xi: Float32Array,
  eta: Float32Array,
): void {
  for (let i = 0; i < position.length; i++) {
    const v = velocity[i]!;
    position[i]! += drift * v + along * xi[i]! + aside * eta[i]!;
    velocity[i] = keep * v + kick * xi[i]!;
  }
}
