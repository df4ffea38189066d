/** Walks with a kernel of one's own: tamed Langevin steps, whose drift cannot grow without bounds. */
import { collect, type Kernel, walkJump } from 'mdensity';
import { exactDenoiser, mixture } from 'mdensity/density';
import { stream } from 'mdensity/sample';

/**
 * y += h ψ(y) / (1 + h‖ψ(y)‖) + √(2h) ξ with h = δ²/2 (Brosse, Durmus, Moulines & Sabanis 2019,
 * "The tamed unadjusted Langevin algorithm").
 */
const tamed: Kernel = {
  name: 'tamed',
  title: 'Tamed Langevin',
  uses: { friction: false, inverseMass: false, trajectory: false },
  scoreCalls: 1,
  needsLogDensity: false,
  start(target, { stepSize }, noise) {
    const { dimension } = target;
    const score = new Float32Array(noise.chains * dimension);
    const xi = new Float32Array(noise.chains * dimension);
    const h = stepSize ** 2 / 2;
    return {
      init: async (position) => ({ step: 0, position: position.slice() }),
      async step(state) {
        await target.score(state.position, score);
        // Keyed by the step: a walk that goes on from a state goes on to the same bits.
        noise.normal(stream.step, state.step, xi);
        for (let chain = 0; chain < noise.chains; chain++) {
          const [from, to] = [chain * dimension, (chain + 1) * dimension];
          const drift = h / (1 + h * Math.hypot(...score.subarray(from, to)));
          for (let i = from; i < to; i++) {
            state.position[i]! += drift * score[i]! + Math.sqrt(2 * h) * xi[i]!;
          }
        }
        state.step += 1;
        return { scoreCalls: 1 };
      },
    };
  },
};

// Two humps on a line, at −1 and 1; a model that was learned takes the same place.
const density = mixture({
  weights: [0.3, 0.7],
  means: [[-1], [1]],
  covariances: [[[0.1]], [[0.1]]],
});
const model = exactDenoiser(density, 0.5);
const options = { measurements: 4, chains: 200, steps: 400, burnIn: 100, jumpEvery: 20 };
const draws = await collect(walkJump(model, { ...options, kernel: tamed }));

const share = draws.data.filter((value) => value > 0).length / draws.data.length;
console.log(`${(100 * share).toFixed(0)} % of samples on the right, where 70 % of the mass is`);
