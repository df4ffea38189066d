import type { Kernel } from '../kernel.ts';
import { stream } from '../noise.ts';
import {
  acceptTest,
  logDensityOf,
  type MetropolisState,
  startingLogDensity,
} from './metropolis.ts';

/** Position, score `[chains, dimension]` and log p(y) `[chains]` there. */
export interface MalaState extends MetropolisState {
  readonly score: Float32Array;
}

/**
 * The Metropolis adjusted Langevin algorithm (Roberts & Tweedie 1996, "Exponential convergence of
 * Langevin distributions and their discrete approximations", section 1.4.2): a step of `ula` is
 * proposed and accepted with the probability that makes p stationary, whatever the step size. With
 * h = uδ²/2,
 *
 *     y' = y + h ψ(y) + √(2h) ξ
 *     a  = min(1, p(y') q(y' → y) / (p(y) q(y → y'))),  log q(y → z) = −‖z − y − h ψ(y)‖²/(4h)
 *
 * One score and one log-density call a step; friction plays no part. No bias on any target. A step
 * too large for `ula` shows here as an acceptance near 0; the best is near 0.57 in high dimension
 * (Roberts & Rosenthal 1998). A proposal where the log-density is NaN is rejected.
 */
export const mala: Kernel<MalaState> = {
  name: 'mala',
  title: 'MALA, with accept test',
  uses: { friction: false, inverseMass: true, trajectory: false },
  scoreCalls: 1,
  needsLogDensity: true,
  start(target, { stepSize, inverseMass }, noise) {
    const logDensity = logDensityOf(target, 'mala');
    const size = noise.chains * target.dimension;
    const test = acceptTest(noise);
    const proposal = {
      position: new Float32Array(size),
      score: new Float32Array(size),
      logDensity: new Float64Array(noise.chains),
    };
    const xi = new Float32Array(size);
    const time = (inverseMass * stepSize * stepSize) / 2;
    const kick = Math.sqrt(inverseMass) * stepSize;
    const info = { scoreCalls: 1, acceptance: test.acceptance };
    const proposed = [proposal.position, proposal.score, proposal.logDensity];
    return {
      async init(position) {
        const own = position.slice();
        const score = new Float32Array(size);
        await target.score(own, score);
        const start = await startingLogDensity(logDensity, own, noise.chains);
        return { step: 0, position: own, score, logDensity: start };
      },
      async step(state) {
        const { position, score } = state;
        noise.normal(stream.step + 1, state.step, xi);
        for (let i = 0; i < size; i++) {
          proposal.position[i] = position[i]! + time * score[i]! + kick * xi[i]!;
        }
        await target.score(proposal.position, proposal.score);
        await logDensity(proposal.position, proposal.logDensity);
        logRatios(state, proposal, time, test.logRatio);
        test.decide(state.step, [position, score, state.logDensity], proposed);
        state.step += 1;
        return info;
      },
    };
  },
};

type Place = Pick<MalaState, 'position' | 'score' | 'logDensity'>;

/** log p(z) q(z → y) − log p(y) q(y → z) of each chain, from the rounded positions themselves. */
function logRatios(y: Place, z: Place, time: number, out: Float64Array): void {
  const width = y.position.length / out.length;
  for (let chain = 0, i = 0; chain < out.length; chain++) {
    let sum = 0;
    for (const end = i + width; i < end; i++) {
      const move = z.position[i]! - y.position[i]!;
      const there = move - time * y.score[i]!;
      const back = move + time * z.score[i]!;
      // there² − back² as a product, which does not cancel.
      sum += (there - back) * (there + back);
    }
    out[chain] = z.logDensity[chain]! - y.logDensity[chain]! + sum / (4 * time);
  }
}
