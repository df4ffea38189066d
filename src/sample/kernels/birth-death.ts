import type { CountTarget, Kernel, State } from '../kernel.ts';
import { type ChainNoise, stream } from '../noise.ts';
import { birthRate, checkCounts, checkRates, refined } from './counts.ts';

/** Events whose noise is drawn at once. */
const BLOCK = 16;
/** Uniform numbers of one event: two for its time, two for what it is. */
const DRAWS = 4;

/**
 * The birth–death walk on counts y ~ Poisson(λx), simulated exactly (next-event method: Gillespie
 * 1977, "Exact stochastic simulation of coupled chemical reactions"). In each coordinate
 *
 *     y_l → y_l + 1 at rate λ x̂_l(y),     y_l → y_l − 1 at rate y_l
 *
 * p(y) λ x̂_l(y) = (y_l + 1) p(y + e_l) (Saremi & Srivastava 2022, the Poisson Bayes estimator), so
 * the walk is reversible with respect to p and has no bias. It needs the estimator alone.
 *
 * One step advances the time `stepSize`, in lifetimes of a count; friction and mass play no part.
 * Every event costs one call of the estimator on the chains that are still under way, about
 * 2 Σ y_l · stepSize calls a step: for high dimension take `tau-leap`. There is no Gaussian and no
 * step size to be stable on; time may be cut into steps of any length.
 */
export const birthDeath: Kernel<State, CountTarget> = {
  name: 'birth-death',
  title: 'Birth and death, exact',
  uses: { friction: false, inverseMass: false, trajectory: false },
  counts: true,
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize }, noise) {
    checkRates(target.rate, stepSize);
    const size = noise.chains * target.dimension;
    const remaining = new Float64Array(noise.chains);
    const batch = activeBatch(noise.chains, target.dimension);
    const estimate = new Float32Array(size);
    const draws = eventNoise(noise);
    const rates = new Float64Array(2 * target.dimension);

    function advance(row: number, state: State, event: number): void {
      const chain = batch.chains[row]!;
      const from = row * target.dimension;
      let total = 0;
      for (let l = 0; l < target.dimension; l++) {
        const births = birthRate(estimate[from + l]!, target.rate, chain, state.step);
        rates[2 * l] = births;
        rates[2 * l + 1] = batch.position[from + l]!;
        total += births + batch.position[from + l]!;
      }
      remaining[chain]! += Math.log(draws.uniform(chain, event, 0)) / total;
      if (!(remaining[chain]! > 0)) return;
      const l = pick(rates, draws.uniform(chain, event, 2) * total);
      state.position[chain * target.dimension + (l >> 1)]! += l % 2 === 0 ? 1 : -1;
    }
    return {
      async init(position) {
        checkCounts(position, noise.chains);
        return { step: 0, position: position.slice() };
      },
      async step(state) {
        remaining.fill(stepSize);
        let event = 0;
        for (; batch.gather(state.position, remaining) > 0; event++) {
          const used = batch.size * target.dimension;
          await target.estimate(batch.position.subarray(0, used), estimate.subarray(0, used));
          draws.fill(state.step, event);
          for (let row = 0; row < batch.size; row++) advance(row, state, event);
        }
        state.step += 1;
        return { scoreCalls: event };
      },
    };
  },
};

/** Index that `at`, a point of [0, Σ rates), falls in; never one of rate 0. */
function pick(rates: Float64Array, at: number): number {
  let left = at;
  let last = 0;
  for (let i = 0; i < rates.length; i++) {
    if (rates[i] === 0) continue;
    last = i;
    left -= rates[i]!;
    if (left < 0) break;
  }
  return last;
}

/** The chains with time left, gathered to the front of a batch. */
function activeBatch(chains: number, dimension: number) {
  const batch = {
    size: 0,
    chains: new Uint32Array(chains),
    position: new Float32Array(chains * dimension),
    gather(position: Float32Array, remaining: Float64Array): number {
      batch.size = 0;
      for (let chain = 0; chain < chains; chain++) {
        if (!(remaining[chain]! > 0)) continue;
        for (let l = 0; l < dimension; l++) {
          batch.position[batch.size * dimension + l] = position[chain * dimension + l]!;
        }
        batch.chains[batch.size++] = chain;
      }
      return batch.size;
    },
  };
  return batch;
}

/** Uniform numbers keyed by chain, step and event, drawn `BLOCK` events at a time. */
function eventNoise(noise: ChainNoise) {
  const drawn = new Float32Array(noise.chains * BLOCK * DRAWS);
  return {
    fill(step: number, event: number): void {
      if (event % BLOCK === 0) noise.uniform(stream.step + event / BLOCK, step, drawn);
    },
    /** Number `which` and the next, as one of 46 bits. */
    uniform(chain: number, event: number, which: number): number {
      const at = (chain * BLOCK + (event % BLOCK)) * DRAWS + which;
      return refined(drawn[at]!, drawn[at + 1]!);
    },
  };
}
