/** Acts on errors by their code and facts; their sentences are for people. */
import { collect, DivergedError, datasetOf, openModel, UserError, walkJump } from 'mdensity';
import { exactDenoiser, gaussian } from 'mdensity/density';

/** Opens a model, or the one in the box where there is none of that name. */
async function openOrDefault(name: string) {
  try {
    return await openModel(name);
  } catch (error) {
    // Anything that is not a UserError is a defect: let it through.
    if (!(error instanceof UserError) || error.code !== 'not-found') throw error;
    console.log(`not-found: ${error.message}`);
    return openModel('mnist');
  }
}

const model = await openOrDefault('no-such-model');
await model.release();

// Walks with the largest step that does not diverge.
const denoiser = exactDenoiser(
  gaussian(
    [0, 0],
    [
      [1, 0],
      [0, 1],
    ],
  ),
  0.5,
);
const options = { chains: 8, steps: 2000, jumpEvery: 100, kernel: 'ula' } as const;
for (let stepSize = 8; ; stepSize /= 2) {
  try {
    await collect(walkJump(denoiser, { ...options, stepSize }));
    console.log(`walked with stepSize ${stepSize}`);
    break;
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const { chain, step } = error.facts;
    console.log(`diverged: stepSize ${stepSize}, chain ${chain} at step ${step}`);
  }
}

try {
  datasetOf(new Float32Array(100), [1, 8, 8], { name: 'mine' });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  // { code: 'shape', facts: { shape: [1, 8, 8], length: 100 } }
  console.log(`${error.code}: ${JSON.stringify(error.facts)}`);
}
