/**
 * Held-out loss by recipe: `npx tsx bench/recipe.ts '{"optimizer":"muon"}' ...`, one line of JSON
 * for each. On MNIST at σ̃ = 1/2 in one thread, the demo's network unless `net` names or is
 * another; what else is given goes over the defaults of training. `every` evaluates on the way too.
 */

import { holdOut } from '../src/data/index.ts';
import { loadDataset } from '../src/data/node/index.ts';
import { createModel } from '../src/model/index.ts';
import { findPreset, networkSchema } from '../src/nn/index.ts';
import { createTrainer, trainingSchema, validationLoss } from '../src/train/index.ts';
import { compileDenoiser } from '../src/train/validation.ts';

const dataset = await loadDataset('mnist');

for (const text of process.argv.slice(2)) {
  const { net = 'digits', every = 0, ...given } = JSON.parse(text);
  const config = trainingSchema.parse({ validation: 1000, ...given });
  const { training, heldOut } = holdOut(dataset, config);
  const model = createModel({
    parametrization: 'gps',
    view: 'denoised',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
    shape: dataset.shape,
    network: typeof net === 'string' ? findPreset(net).config : networkSchema.parse(net),
  });
  const trainer = await createTrainer({
    model,
    dataset: training,
    config,
    device: 'cpu',
    threads: 1,
  });
  const live = await compileDenoiser({ model, rows: 100, device: 'cpu' });
  const lossOf = (vector: Float32Array) => {
    live.load(vector);
    return validationLoss(live, heldOut!, { seed: 0, batch: 100 });
  };
  const held: Record<string, number> = {};
  let [seconds, sum, count] = [0, 0, 0];
  while (trainer.step < config.steps) {
    const before = process.cpuUsage();
    const reports = await trainer.advance(20);
    const { user, system } = process.cpuUsage(before);
    seconds += (user + system) / 1e6;
    for (const { loss, step } of reports) {
      if (step <= config.steps - 200) continue;
      sum += loss;
      count += 1;
    }
    if (every > 0 && trainer.step % every === 0 && trainer.step < config.steps) {
      held[trainer.step] = await lossOf(await trainer.average());
    }
  }
  const { vectors } = await trainer.checkpoint();
  const averages: Record<string, number> = {};
  for (const [name, vector] of Object.entries(vectors)) {
    if (name.startsWith('average')) averages[name] = await lossOf(vector);
  }
  const last = await lossOf(vectors.parameters!);
  console.log(
    JSON.stringify({ ...given, net, ...averages, last, training: sum / count, seconds, held }),
  );
  await trainer.release();
  await live.release();
}
