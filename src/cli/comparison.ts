import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { type Dataset, trainingSchema } from '../train/index.ts';
import { entriesOf, entryNames } from './comparison/entries.ts';
import { type Protocol, protocolSchema, scales } from './comparison/protocol.ts';
import { describeComparison, writeComparison } from './comparison/results.ts';
import { openStore } from './comparison/row.ts';
import { runComparison } from './comparison/run.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { evaluateOptions } from './evaluate-options.ts';
import { checkData, checkSamples } from './evaluation/evaluation.ts';
import {
  chooseFeatures,
  featureNames,
  type OpenedFeatures,
  openFeatures,
} from './evaluation/feature-networks.ts';
import { referenceFeatures } from './evaluation/reference.ts';
import { interruptible } from './interrupt.ts';
import { listOf } from './list-option.ts';
import { loadShown } from './load-progress.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';

const whole = (least: number) => z.int().min(least);
const training = trainingSchema.shape;

const comparisonOptions = defineOptions({
  data: { flags: '--data <set>', description: 'what is learned', schema: z.string() },
  parametrizations: {
    flags: '--parametrizations <names>',
    description: `which, separated by commas; default: ${entryNames.join(', ')}`,
    schema: listOf(z.string()),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, in units of the data (images: 0..1)',
    schema: training.sigma.default(1),
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'measurements of the density that all learn',
    schema: z.int().min(1).default(4),
  },
  steps: { flags: '--steps <n>', description: 'updates of each', schema: whole(1).optional() },
  batch: {
    flags: '--batch <n>',
    description: 'examples per update',
    schema: whole(1).optional(),
  },
  learningRate: {
    flags: '--learning-rate <rate>',
    description: 'highest learning rate of each',
    schema: z.number().positive().optional(),
  },
  heldOut: {
    flags: '--held-out <n>',
    description: 'examples that the loss is measured on (default: a tenth, at most 1,000)',
    schema: whole(1).optional(),
  },
  costMeasurements: {
    flags: '--cost-measurements <M,...>',
    description: 'numbers of measurements that time and memory are measured at',
    schema: listOf(z.coerce.number().int().min(1)),
  },
  chains: { flags: '--chains <n>', description: 'chains of a walk', schema: whole(2).optional() },
  draws: { flags: '--draws <n>', description: 'jumps of each chain', schema: whole(1).optional() },
  jumpEvery: {
    flags: '--jump-every <n>',
    description: 'steps between jumps',
    schema: whole(1).optional(),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first',
    schema: whole(0).optional(),
  },
  friction: {
    flags: '--friction <γδ>',
    description: 'effective friction of the walks (default 1/16)',
    schema: z.number().positive().optional(),
  },
  features: {
    flags: '--features <name>',
    description: `what distances are measured in: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  inception: evaluateOptions.inception,
  ...datasetOptions,
  seed: { flags: '--seed <n>', description: 'decides every random number', schema: training.seed },
  workers: {
    flags: '--workers <n>',
    description: 'trainings and walks at a time, each on a core of its own (default: every core)',
    schema: whole(1).optional(),
  },
  out: { flags: '--out <dir>', description: 'where everything goes', schema: z.string() },
});

type Options = OptionValues<typeof comparisonOptions>;

const examples = `
Examples:
  mdensity experiment parametrizations --data mnist --out experiments/parametrizations
  mdensity experiment parametrizations --data digits8 --parametrizations gps,mdae --steps 200 --out experiments/quick`;

/** `mdensity experiment parametrizations`. */
export function comparisonCommand(group: Command): void {
  const command = addOptions(
    group
      .command('parametrizations')
      .description(
        'trains each parametrization at equal budget: held-out loss, time, distance, mixing, equivariance, memory as M grows',
      ),
    comparisonOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(comparisonOptions, command);
    const { files, protocol, rows } = await compare(options, output);
    const lines = [...describeComparison(protocol, rows), '', `wrote ${files.join(', ')}`];
    output.result({ files, rows }, lines.join('\n'));
  });
}

async function compare(options: Options, output: Output) {
  const sourceOptions = givenDatasetOptions(options);
  const dataset = await loadShown(options.data, sourceOptions, output);
  const features = chooseFeatures(options, dataset);
  const { inception, out: folder } = options;
  const network = await openFeatures(features, dataset.shape, { inception });
  const protocol = protocolOf(options, dataset, network);
  const store = await openStore(folder, protocol);
  const reference = await interruptible((signal) =>
    referenceFeatures(dataset, network, output, signal),
  );
  await network.release();
  await runComparison(
    {
      ...{ folder, protocol, store, sourceOptions, source: options.data },
      comparing: { shape: dataset.shape, features, inception, reference: reference.path },
      bytes: dataset.dtype === 'uint8',
      workers: options.workers ?? availableParallelism(),
    },
    output,
  );
  return { files: await writeComparison(folder), protocol, rows: store.rows };
}

/** What the size of the images decides, with what is given in its place. */
function protocolOf(options: Options, dataset: Dataset, network: OpenedFeatures): Protocol {
  const { sigma, measurements, seed, steps, batch, learningRate } = options;
  const { chains, draws, jumpEvery, burnIn, friction } = options;
  checkMeasurements(measurements);
  const { name, count, hash, shape } = dataset;
  const entries = entriesOf(options.parametrizations ?? entryNames, dataset);
  const own = scales[shape.at(-1)!]!;
  const members = options.costMeasurements ?? own.cost.measurements;
  const protocol = protocolSchema.parse({
    ...{ experiment: 'parametrizations', data: { name, count, hash }, shape, entries },
    features: { name: network.name, id: network.id },
    ...{ sigma, measurements, seed, permutations: own.permutations },
    training: { ...own.training, ...given({ steps, batch, learningRate }) },
    heldOut: heldOutOf(options, dataset),
    walk: { ...own.walk, ...given({ chains, draws, jumpEvery, burnIn, friction }) },
    cost: {
      ...own.cost,
      measurements: [...new Set([...members, measurements])].sort((a, b) => a - b),
    },
  });
  checkSamples(['fd'], protocol.walk, network);
  checkData(['fd'], dataset, network);
  return protocol;
}

const given = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Most examples held out where nothing is said. */
const HELD_OUT = 1000;

function heldOutOf({ heldOut }: Options, { name, count }: Dataset): number {
  const number = heldOut ?? Math.max(1, Math.min(HELD_OUT, Math.floor(count / 10)));
  if (number < count) return number;
  throw new UserError(
    `--held-out ${number}: nothing would be left to train on of the ${count} examples of ${name}; give at most ${count - 1}`,
  );
}

function checkMeasurements(measurements: number): void {
  if (measurements > 1) return;
  throw new UserError(
    `--measurements ${measurements}: a single measurement is its own mean, and there is nothing to compare; give at least 2`,
  );
}
