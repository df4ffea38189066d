/**
 * Makes a feature network of `assets/features/` again:
 * `npx tsx bench/train-features.ts mnist --data mnist --out assets/features/mnist.safetensors`.
 */
import { parseArgs } from 'node:util';
import type { Dataset } from '../src/data/dataset.ts';
import { holdOut } from '../src/data/hold-out.ts';
import { loadDataset } from '../src/data/node/index.ts';
import { classificationAccuracy } from '../src/evaluate/features/accuracy.ts';
import { classifierSchema } from '../src/evaluate/features/classifier.ts';
import {
  type EmbeddedFeatureName,
  embeddedFeatureNames,
  embeddedFeatures,
  encodeFeatures,
  type FeatureCard,
} from '../src/evaluate/features/embedded.ts';
import { classifierTrainingSchema, trainClassifier } from '../src/evaluate/features/train.ts';
import { writeBytes } from '../src/files.ts';

/**
 * What each network is made of, and how long it is trained. `heldOut` 0: the set has a test part.
 */
const recipes = {
  digits8: {
    network: { patch: 1, channels: [16, 32], blocks: 1, groups: 4 },
    training: { steps: 1500, shift: 1 },
    heldOut: 297,
  },
  mnist: {
    network: { patch: 2, channels: [32, 64], blocks: 2, groups: 8 },
    training: { steps: 1500, shift: 2 },
    heldOut: 1000,
  },
  fashion: {
    network: { patch: 2, channels: [32, 64], blocks: 2, groups: 8 },
    training: { steps: 4500, shift: 0 },
    heldOut: 0,
  },
  cifar10: {
    network: { patch: 2, channels: [32, 64, 128], blocks: 1, groups: 8 },
    training: { steps: 6500, shift: 3, flip: true },
    heldOut: 0,
  },
} as const satisfies Record<EmbeddedFeatureName, unknown>;

const usage = `usage: npx tsx bench/train-features.ts NAME --data SET --out FILE [--about TEXT] [--steps n] [--seed n] [--threads n]
  NAME     ${embeddedFeatureNames.join(', ')}
  --data   a named set or a path, as for mdensity train
  --about  what the data are, for the file's card; default: the name of the set`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    about: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string' },
  },
});

const name = embeddedFeatureNames.find((known) => known === positionals[0]);
const { data, out } = values;
if (name === undefined || data === undefined || out === undefined) {
  console.error(usage);
  process.exit(2);
}

const recipe = recipes[name];
const seed = Number(values.seed);
const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
const { training: own, heldOut } = await split(data, recipe.heldOut);
const classes = own.classes ?? [];
const network = classifierSchema.parse({
  ...recipe.network,
  shape: own.shape,
  classes: classes.length,
});
const steps = values.steps === undefined ? {} : { steps: Number(values.steps) };
const training = classifierTrainingSchema.parse({ ...recipe.training, ...steps, seed });
const began = performance.now();
const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
let sum = 0;
const tensors = await trainClassifier({
  dataset: own,
  network,
  training,
  ...threads,
  onStep: ({ step, loss }) => {
    sum += loss;
    if (step % 100 > 0) return;
    console.log(`step ${step}: cross-entropy ${(sum / 100).toFixed(4)}, ${seconds()} s`);
    sum = 0;
  },
});
const card = {
  name,
  network,
  classes: [...classes],
  data: values.about ?? own.name,
  trained: own.count,
  heldOut: heldOut.count,
  accuracy: 0,
};
// What is measured is what the file holds, in half precision.
const accuracy = await measure({ ...card, accuracy: 0 });
const bytes = encodeFeatures({ ...card, accuracy }, tensors);
await writeBytes(out, bytes);
console.log(
  `${out}: ${bytes.length} bytes, accuracy ${accuracy} on ${heldOut.count}, ${seconds()} s`,
);

/** The set's own test part, or examples held out by the seed. */
async function split(spec: string, validation: number) {
  const all = await loadDataset(spec);
  if (validation === 0) {
    return { training: all, heldOut: await loadDataset(spec, { split: 'test' }) };
  }
  return holdOut(all, { validation, seed }) as { training: Dataset; heldOut: Dataset };
}

async function measure(card: FeatureCard): Promise<number> {
  const features = await embeddedFeatures(name!, encodeFeatures(card, tensors), threads);
  const share = await classificationAccuracy(features, heldOut);
  await features.release();
  return share;
}
