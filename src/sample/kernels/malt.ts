import type { Kernel } from '../kernel.ts';
import { stream } from '../noise.ts';
import { drawVelocity, drift } from './langevin.ts';
import {
  acceptTest,
  logDensityOf,
  type MetropolisState,
  startingLogDensity,
} from './metropolis.ts';

/** Steps of a trajectory unless the parameters say otherwise: what paper B walks between jumps. */
export const MALT_STEPS = 10;

/**
 * Metropolis adjusted Langevin trajectories (Riou-Durand & Vogrinc 2022, "Metropolis adjusted
 * Langevin trajectories: a robust alternative to Hamiltonian Monte Carlo", algorithm 1). One step:
 * a new velocity v ~ N(0, u I), a trajectory of L steps of underdamped Langevin dynamics, here in
 * the splitting of `sachs`, and one accept test of its end with probability
 * min(1, exp(−Δ)), where Δ gathers the energy error of the deterministic parts:
 *
 *     Δ = H(y_L, v_L) − H(y_0, v_0) − Σ (energy gained in friction and noise),
 *     H(y, v) = −log p(y) + ‖v‖²/(2u)
 *
 * Friction and noise keep N(0, u I) and are reversible, force and drift keep volume and reverse
 * with v, and the splitting is a palindrome, so p is stationary whatever the step size: no bias on
 * any target. L score calls and one log-density call a step; L = `trajectorySteps`, 10 by default.
 * At γ = 0 it is Hamiltonian Monte Carlo with the leapfrog method.
 *
 * On a Gaussian of variance s² trajectories are stable while uδ² < 4 s²; beyond, Δ grows and the
 * acceptance falls to 0. A trajectory that ends where the log-density is NaN is rejected.
 */
export const malt: Kernel<MetropolisState> = {
  name: 'malt',
  title: 'MALT, with accept test',
  uses: { friction: true, inverseMass: true, trajectory: true },
  scoreCalls: MALT_STEPS,
  needsLogDensity: true,
  start(target, parameters, noise) {
    const { stepSize, friction, inverseMass, trajectorySteps = MALT_STEPS } = parameters;
    const logDensity = logDensityOf(target, 'malt');
    const size = noise.chains * target.dimension;
    const test = acceptTest(noise);
    const [end, velocity, score, xi] = [0, 1, 2, 3].map(() => new Float32Array(size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const endLogDensity = new Float64Array(noise.chains);
    const half = stepSize / 2;
    const push = (inverseMass * stepSize) / 2;
    const keep = Math.exp(-friction * stepSize);
    const kick = Math.sqrt(inverseMass * -Math.expm1(-2 * friction * stepSize));
    const info = { scoreCalls: trajectorySteps, acceptance: test.acceptance };
    return {
      async init(position) {
        const own = position.slice();
        const start = await startingLogDensity(logDensity, own, noise.chains);
        return { step: 0, position: own, logDensity: start };
      },
      async step(state) {
        const { position, logDensity: here } = state;
        const gained = test.logRatio.fill(0);
        drawVelocity(noise, state.step, inverseMass, velocity);
        end.set(position);
        addSquares(velocity, 1, gained);
        for (let l = 0; l < trajectorySteps; l++) {
          drift(end, velocity, half);
          await target.score(end, score);
          noise.normal(stream.step + 1, state.step * trajectorySteps + l, xi);
          force(velocity, score, xi, { push, keep, kick }, gained);
          drift(end, velocity, half);
        }
        addSquares(velocity, -1, gained);
        await logDensity(end, endLogDensity);
        for (let chain = 0; chain < gained.length; chain++) {
          gained[chain] = gained[chain]! / (2 * inverseMass) + endLogDensity[chain]! - here[chain]!;
        }
        test.decide(state.step, [position, here], [end, endLogDensity]);
        state.step += 1;
        return info;
      },
    };
  },
};

/** Adds sign · ‖v‖² of each chain. */
function addSquares(velocity: Float32Array, sign: number, out: Float64Array): void {
  const width = velocity.length / out.length;
  for (let chain = 0, i = 0; chain < out.length; chain++) {
    let sum = 0;
    for (const end = i + width; i < end; i++) sum += velocity[i]! * velocity[i]!;
    out[chain]! += sign * sum;
  }
}

/** Force, friction and noise, force; `gained` receives what friction and noise add to ‖v‖². */
function force(
  velocity: Float32Array,
  score: Float32Array,
  xi: Float32Array,
  { push, keep, kick }: { readonly push: number; readonly keep: number; readonly kick: number },
  gained: Float64Array,
): void {
  const width = velocity.length / gained.length;
  for (let chain = 0, i = 0; chain < gained.length; chain++) {
    let sum = 0;
    for (const end = i + width; i < end; i++) {
      const pushed = velocity[i]! + push * score[i]!;
      const turned = keep * pushed + kick * xi[i]!;
      sum += (turned - pushed) * (turned + pushed);
      velocity[i] = turned + push * score[i]!;
    }
    gained[chain]! += sum;
  }
}
