/**
 * Held-out loss by recipe: `npx tsx bench/recipe.ts '{"optimizer":"muon"}' ...`, one line of JSON
 * for each. In one thread, on MNIST at σ̃ = 1/2 by the demo's network unless `data`, `split`, `sigma`
 * and `net` say otherwise; `view` is what the network predicts, and what else is given goes over
 * the defaults of training. 1,000 examples are held out, the same for every recipe. Times are the
 * process's own processor time. `every` measures the average on the way too.
 *
 * `--write DIR` writes the two parts of the data, training.npy and held-out.npy, and trains nothing:
 * `bench/peers/recipe_torch.py` takes them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allocate, type Dataset, holdOut, type Split } from '../src/data/index.ts';
import { loadDataset, writeNpy } from '../src/data/node/index.ts';
import { sizeOf } from '../src/graph/index.ts';
import { createModel, type View } from '../src/model/index.ts';
import { findPreset, type NetworkConfig, networkSchema } from '../src/nn/index.ts';
import { measureDataScale } from '../src/train/data-scale.ts';
import { createTrainer, trainingSchema, validationLoss } from '../src/train/index.ts';
import { compileDenoiser } from '../src/train/validation.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'string' } },
});

interface Recipe extends Record<string, unknown> {
  readonly data?: string;
  readonly split?: Split;
  readonly net?: string | NetworkConfig;
  readonly view?: View;
  readonly sigma?: number;
  readonly every?: number;
}

for (const text of positionals) {
  const recipe: Recipe = JSON.parse(text);
  if (values.write === undefined) console.log(JSON.stringify(await measure(recipe)));
  else await write(recipe, values.write);
}

async function partsOf({ data = 'mnist', split }: Recipe) {
  const dataset = await loadDataset(data, { split });
  const { training, heldOut } = holdOut(dataset, { validation: 1000, seed: 0 });
  return { training, heldOut: heldOut! };
}

async function measure(recipe: Recipe) {
  const {
    net = 'digits',
    view = 'denoised',
    sigma = 0.5,
    every = 0,
    data,
    split,
    ...given
  } = recipe;
  const config = trainingSchema.parse(given);
  const { training, heldOut } = await partsOf(recipe);
  const model = createModel({
    parametrization: 'gps',
    view,
    noise: { type: 'gaussian', sigma, measurements: 1 },
    shape: training.shape,
    network: typeof net === 'string' ? findPreset(net).config : networkSchema.parse(net),
    ...(view === 'preconditioned' && { dataScale: measureDataScale(training) }),
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
    return validationLoss(live, heldOut, { seed: 0, batch: 100 });
  };
  const held: [seconds: number, loss: number][] = [];
  let seconds = 0;
  while (trainer.step < config.steps) {
    const before = process.cpuUsage();
    await trainer.advance(Math.min(20, config.steps - trainer.step));
    const { user, system } = process.cpuUsage(before);
    seconds += (user + system) / 1e6;
    if (every > 0 && trainer.step % every === 0 && trainer.step < config.steps) {
      held.push([Math.round(seconds), await lossOf(await trainer.average())]);
    }
  }
  const { vectors } = await trainer.checkpoint();
  const averages: Record<string, number> = {};
  for (const [name, vector] of Object.entries(vectors)) {
    if (name.startsWith('average')) averages[name] = await lossOf(vector);
  }
  const last = await lossOf(vectors.parameters!);
  await trainer.release();
  await live.release();
  return { ...recipe, ...averages, last, images: config.steps * config.batch, seconds, held };
}

async function write(recipe: Recipe, folder: string) {
  mkdirSync(folder, { recursive: true });
  const { training, heldOut } = await partsOf(recipe);
  await writeNpy(join(folder, 'training.npy'), valuesOf(training), [
    training.count,
    ...training.shape,
  ]);
  await writeNpy(join(folder, 'held-out.npy'), valuesOf(heldOut), [
    heldOut.count,
    ...heldOut.shape,
  ]);
}

/** All examples of a set as they are kept: bytes of images. */
function valuesOf({ count, shape, dtype, read }: Dataset) {
  const size = sizeOf(shape);
  const all = allocate(dtype, count * size);
  for (let i = 0; i < count; i++) read(i, all, i * size);
  return all;
}
