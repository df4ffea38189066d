/**
 * One configuration of `bench unet` in a process of its own, so that the peak of memory is its own:
 * `tsx bench/unet-case.ts NAME train|infer|int8 SECONDS` prints one JSON object.
 */
import { parseArgs } from 'node:util';
import { type Dataset, inMemory } from '../src/data/index.ts';
import { sizeOf } from '../src/graph/index.ts';
import {
  createModel,
  type DenoiserFile,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
} from '../src/model/index.ts';
import { countParameters, findPreset, initializeParameters } from '../src/nn/index.ts';
import { quantizeDenoiser } from '../src/sample/int8.ts';
import { createTrainer, trainingSchema } from '../src/train/index.ts';
import { values } from './matmul.ts';
import { measure } from './measure.ts';
import { type ConfigurationName, configurations } from './unet.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const [name, what, seconds] = positionals as [ConfigurationName, keyof typeof cases, string];
const { shape, batch } = configurations[name];
const config: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape,
  network: findPreset(name).config,
};
const size = sizeOf(shape);
const cases = { train: training, infer: inference, int8: inEightBits };
const model = createModel(config);
const [rate] = await measure([await cases[what]()], Number(seconds), 1);
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
  return inferring(await openDenoiser(exportDenoiser(config, parameters()), name));
}

async function inEightBits() {
  const bytes = exportDenoiser(config, parameters());
  const single = await openDenoiser(bytes, name);
  // All of them, as nearly all are in models that were learned: drawn weights lose more by it.
  const quantized = await quantizeDenoiser(single, bytes, name, { tolerance: 1 });
  await single.release();
  return inferring(await openDenoiser(quantized.bytes, name));
}

function inferring(denoiser: DenoiserFile) {
  const z = values(batch * size);
  const out = new Float32Array(z.length);
  return { name, work: batch, run: () => denoiser.denoise(z, out) };
}

/** Weights of an untrained network, whose last layers are not 0: every layer counts in 8 bits. */
function parameters() {
  const drawn = values(countParameters(model.specs));
  return initializeParameters(model.specs, 0).map((value, i) => value || 0.02 * drawn[i]!);
}

function noise(): Dataset {
  const data = Uint8Array.from(values(64 * size), (value) => 128 + 40 * value);
  return { name: 'noise', count: 64, shape: [...shape], ...inMemory(data, 64), hash: '' };
}
