/**
 * One configuration of `bench unet` in a process of its own, so that the peak of memory is its own:
 * `tsx bench/unet-case.ts NAME train|infer SECONDS` prints one JSON object.
 */
import { parseArgs } from 'node:util';
import { type Dataset, inMemory } from '../src/data/index.ts';
import { sizeOf } from '../src/graph/index.ts';
import { createModel, exportDenoiser, type ModelConfig, openDenoiser } from '../src/model/index.ts';
import { countParameters, findPreset, initializeParameters } from '../src/nn/index.ts';
import { createTrainer, trainingSchema } from '../src/train/index.ts';
import { values } from './matmul.ts';
import { measure } from './measure.ts';
import { type ConfigurationName, configurations } from './unet.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [name, what, seconds] = positionals as [ConfigurationName, 'train' | 'infer', string];
const { shape, batch } = configurations[name];
const config: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape,
  network: findPreset(name).config,
};
const size = sizeOf(shape);
const model = createModel(config);
const [rate] =
  what === 'train'
    ? await measure([await training()], Number(seconds), 1)
    : await measure([await inference()], Number(seconds), 1);
console.log(
  JSON.stringify({
    imagesPerSecond: rate!.median,
    peakGiB: process.resourceUsage().maxRSS / 2 ** 20,
    parameters: countParameters(model.specs),
  }),
);

/** Steps as a run makes them: several in a call where that saves copies. */
async function training() {
  const trainer = await createTrainer({
    model,
    dataset: noise(),
    config: trainingSchema.parse({ batch, optimizer: 'adagrad' }),
    device: 'cpu',
  });
  // How many steps go in one call follows from the time of the one before.
  for (let i = 0; i < 3; i++) await trainer.next();
  const steps = (await trainer.advance(1000)).length;
  return { name, work: steps * batch, run: () => trainer.advance(steps) };
}

async function inference() {
  const denoiser = await openDenoiser(
    exportDenoiser(config, initializeParameters(model.specs, 0)),
    name,
  );
  const z = values(batch * size);
  const out = new Float32Array(z.length);
  return { name, work: batch, run: () => denoiser.denoise(z, out) };
}

function noise(): Dataset {
  const data = Uint8Array.from(values(64 * size), (value) => 128 + 40 * value);
  return { name: 'noise', count: 64, shape: [...shape], ...inMemory(data, 64), hash: '' };
}
