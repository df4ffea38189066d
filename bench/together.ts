/**
 * Held-out loss of training by workers that meet every H steps, beside one process with a batch as
 * large as all of theirs. Everything on one core each.
 *
 *   npx tsx bench/together.ts --steps 600 --inner-steps 100
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Dataset, holdOut } from '../src/data/index.ts';
import { loadDataset } from '../src/data/node/index.ts';
import { openLocalSubmitter, settingsSchema, startTogether } from '../src/diloco/index.ts';
import { estimatorLoss } from '../src/evaluate/index.ts';
import { createModel, exportDenoiser, type ModelConfig, openDenoiser } from '../src/model/index.ts';
import { countParameters, findPreset } from '../src/nn/index.ts';
import { versions } from '../src/run/index.ts';
import { openStore } from '../src/store/index.ts';
import { createTrainer, type TrainingConfig, trainingSchema } from '../src/train/index.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    data: { type: 'string', default: 'digits8' },
    net: { type: 'string', default: 'digits8' },
    steps: { type: 'string', default: '600' },
    batch: { type: 'string', default: '16' },
    'inner-steps': { type: 'string', default: '100' },
    workers: { type: 'string', default: '1,2,4' },
    'outer-rate': { type: 'string', default: '0.7' },
    'outer-momentum': { type: 'string', default: '0.9' },
    alone: { type: 'boolean', default: true },
  },
});
const [steps, batch, inner] = [values.steps, values.batch, values['inner-steps']].map(Number);
const work = mkdtempSync(join(tmpdir(), 'mdensity-bench-together-'));
const dataset = await loadDataset(values.data);
const model: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: dataset.shape,
  network: findPreset(values.net).config,
};
const configOf = (size: number): TrainingConfig =>
  trainingSchema.parse({
    ...{ optimizer: 'adamw', weightDecay: 0.01, learningRate: 1e-3, warmup: 50, decay: 'cosine' },
    ...{ steps, batch: size, validation: 200, seed: 0 },
  });
const heldOut = holdOut(dataset, configOf(1)).heldOut as Dataset;

/** Mean of ‖x − ν(y)‖² on held-out examples. */
async function lossOf(parameters: Float32Array): Promise<number> {
  const denoiser = await openDenoiser(exportDenoiser(model, parameters), 'bench', {
    device: 'cpu',
    threads: 1,
  });
  const { mean } = await estimatorLoss(denoiser, heldOut, { measurements: 1, seed: 1 });
  await denoiser.release();
  return mean;
}

const line = (name: string, step: number, images: number, seconds: number, loss: number) =>
  console.log(
    `${name.padEnd(24)} step ${String(step).padStart(5)}  ${String(images).padStart(7)} images  ${seconds.toFixed(1).padStart(6)} s  held-out loss ${loss.toFixed(4)}`,
  );

async function together(workers: number): Promise<void> {
  const directory = join(work, `run-${workers}`);
  const store = await openStore(join(work, `store-${workers}`));
  const submitter = openLocalSubmitter(store, directory, workers);
  const settings = settingsSchema.parse({
    ...{ workers, innerSteps: inner },
    outerRate: Number(values['outer-rate']),
    outerMomentum: Number(values['outer-momentum']),
  });
  let seconds = 0;
  let bytes = 0;
  await startTogether(
    {
      ...{ directory, dataset, model, source: values.data, versions: versions(), settings },
      training: configOf(batch!),
    },
    {
      ...{ store, submitter },
      onRound: async (round, { parameters }) => {
        seconds += round.seconds;
        bytes = round.bytes;
        const images = round.step * batch! * workers;
        line(`${workers} together`, round.step, images, seconds, await lossOf(parameters));
      },
    },
  );
  await submitter.close();
  const megabytes = (bytes / 1e6).toFixed(2);
  const count = countParameters(createModel(model).specs);
  console.log(`${workers} together: ${megabytes} MB a round, ${count} parameters`);
}

async function alone(size: number, name: string): Promise<void> {
  const config = configOf(size);
  const trainer = await createTrainer({
    model: createModel(model),
    dataset: holdOut(dataset, config).training,
    ...{ config, device: 'cpu', threads: 1 },
  });
  let seconds = 0;
  while (trainer.step < steps!) {
    const began = performance.now();
    const until = trainer.step + inner!;
    while (trainer.step < until) await trainer.advance(until - trainer.step);
    seconds += (performance.now() - began) / 1000;
    const { parameters } = (await trainer.checkpoint()).vectors;
    line(name, trainer.step, trainer.step * size, seconds, await lossOf(parameters!));
  }
  await trainer.release();
}

for (const workers of values.workers.split(',').map(Number)) {
  await together(workers);
  if (values.alone) await alone(batch! * workers, `alone, batch ${batch! * workers}`);
}
rmSync(work, { recursive: true, force: true });
