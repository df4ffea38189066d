import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { describeDenoiser, describeNoise, inputOf } from '../model/index.ts';
import { findPreset, networkKind, presets } from '../nn/index.ts';
import { type KernelName, kernels } from '../sample/index.ts';
import type { Dataset } from '../train/index.ts';
import { comparisonCommand } from './comparison.ts';
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
import { type Protocol, protocolSchema, scales, trainings } from './experiment/protocol.ts';
import { describeBest, writeResults } from './experiment/results.ts';
import { type ExperimentSetting, runExperiment } from './experiment/run.ts';
import { openStore } from './experiment/store.ts';
import { interruptible } from './interrupt.ts';
import { listOf } from './list-option.ts';
import { loadShown } from './load-progress.ts';
import { findModel } from './model-file.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';

/** Networks that GPS can be. */
const netNames = Object.keys(presets).filter(
  (name) => networkKind(presets[name]!.config) === 'estimator',
);

const whole = (least: number) => z.int().min(least);
// Models that are learned have no log-density.
const kernelNames = (Object.keys(kernels) as KernelName[]).filter(
  (name) => !kernels[name].needsLogDensity,
) as [KernelName];
const { classes: _, ...dataOptions } = datasetOptions;

const number = z.coerce.number();

const experimentOptions = defineOptions({
  data: {
    flags: '--data <set>',
    description: 'what samples are compared with',
    schema: z.string(),
  },
  model: {
    flags: '--model <runs|names>',
    description: 'models, separated by commas; each walks its own class',
    schema: listOf(z.string()),
  },
  classes: {
    flags: '--classes <σ̃,...>',
    description:
      'classes; those that no model is given for are trained (default: the models’, or 1/4)',
    schema: listOf(number.positive()),
  },
  net: {
    flags: '--net <preset>',
    description: `network of models that are trained: ${netNames.join(', ')}`,
    schema: z.string().optional(),
  },
  trainSteps: {
    flags: '--train-steps <n>',
    description: 'updates of each',
    schema: whole(1).optional(),
  },
  scale: {
    flags: '--scale <name>',
    description: 'small: half an hour on two cores. full: the paper’s protocol',
    schema: z.enum(['small', 'full']).default('small'),
  },
  features: {
    flags: '--features <name>',
    description: `what distances are measured in: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  inception: evaluateOptions.inception,
  measurements: {
    flags: '--measurements <M,...>',
    description: 'members of each class',
    schema: listOf(number.int().min(1)),
  },
  frictions: {
    flags: '--frictions <γδ,...>',
    description: 'effective frictions',
    schema: listOf(number.positive()),
  },
  kernels: {
    flags: '--kernels <names>',
    description: `the first walks the grid, the others its best friction: ${kernelNames.join(', ')}`,
    schema: listOf(z.enum(kernelNames)),
  },
  seeds: { flags: '--seeds <n>', description: 'seeds 0 to n − 1', schema: whole(1).optional() },
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
  longDraws: {
    flags: '--long-draws <n>',
    description: 'jumps of each long chain',
    schema: whole(10).optional(),
  },
  ...dataOptions,
  workers: {
    flags: '--workers <n>',
    description: 'walks at a time, each on a core of its own (default: every core)',
    schema: whole(1).optional(),
  },
  out: { flags: '--out <dir>', description: 'where everything goes', schema: z.string() },
});

type Options = OptionValues<typeof experimentOptions>;

const examples = `
Examples:
  mdensity experiment paper-a --data mnist --model mnist --out experiments/mnist
  mdensity experiment paper-a --data mnist --classes 0.25,0.5,0.75 --net digits --out experiments/classes
  mdensity experiment paper-a --data path/to/cifar-10-batches-py --split train --net cifar10 --scale full \\
    --features inception --out experiments/paper`;

export function experimentCommand(parent: Command): void {
  const group = parent.command('experiment').description('a paper’s experiment as one command');
  paperACommand(group);
  comparisonCommand(group);
}

function paperACommand(group: Command): void {
  const command = addOptions(
    group
      .command('paper-a')
      .description(
        'members of a class, frictions and kernels: distances, mixing, long chains (Saremi, Srivastava & Bach 2023, section 5)',
      ),
    experimentOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(experimentOptions, command);
    const { files, protocol, rows } = await experiment(options, output);
    const lines = [...describeBest(protocol, rows), `wrote ${files.join(', ')}`];
    output.result({ files, cells: rows.length }, lines.join('\n'));
  });
}

async function experiment(options: Options, output: Output) {
  const sourceOptions = givenDatasetOptions({ ...options, classes: undefined });
  const dataset = await loadShown(options.data, sourceOptions, output);
  const features = chooseFeatures(options, dataset);
  const { inception, out: folder } = options;
  const network = await openFeatures(features, dataset.shape, { inception });
  const protocol = await protocolOf(options, dataset, network);
  const store = await openStore(folder, protocol);
  const reference = await interruptible((signal) =>
    referenceFeatures(dataset, network, output, signal),
  );
  await network.release();
  const setting: ExperimentSetting = {
    ...{ folder, protocol, store, sourceOptions, source: options.data },
    comparing: { shape: dataset.shape, features, inception, reference: reference.path },
    workers: options.workers ?? availableParallelism(),
  };
  await runExperiment(setting, output);
  return { files: await writeResults(folder), protocol, rows: store.rows };
}

/** The scale's protocol with what is given in place of its own. */
async function protocolOf(
  options: Options,
  dataset: Dataset,
  network: OpenedFeatures,
): Promise<Protocol> {
  const { scale, seeds, longDraws } = options;
  const own = scales[scale];
  const classes = await classesOf(options, dataset);
  const training = classes.some(({ hash }) => hash === undefined)
    ? trainingOf(options, dataset)
    : undefined;
  const { name, count, hash } = dataset;
  const protocol = protocolSchema.parse({
    ...{ experiment: 'paper-a', scale, classes, ...(training && { training }) },
    data: { name, count, hash },
    features: { name: network.name, id: network.id },
    measurements: options.measurements ?? own.measurements,
    frictions: options.frictions ?? own.frictions,
    kernels: options.kernels ?? own.kernels,
    seeds: seeds === undefined ? own.seeds : Array.from({ length: seeds }, (_, seed) => seed),
    stepSize: own.stepSize,
    chains: options.chains ?? own.chains,
    draws: options.draws ?? own.draws,
    jumpEvery: options.jumpEvery ?? own.jumpEvery,
    burnIn: options.burnIn ?? own.burnIn,
    long: { ...own.long, ...(longDraws !== undefined && { draws: longDraws }) },
  });
  checkSamples(['fd'], protocol, network);
  checkData(['fd'], dataset, network);
  return protocol;
}

/** Each class with its model: given, or to be trained below the folder. */
async function classesOf(
  { model: targets = [], classes }: Options,
  { name, shape }: Dataset,
): Promise<Protocol['classes']> {
  const given = await Promise.all(
    targets.map(async (target) => {
      const path = findModel(target);
      const bytes = await readBytes(path);
      const { config, shape: own } = await describeDenoiser(bytes, path);
      if (config === undefined) {
        throw new UserError(
          `--model ${target}: does not say its class; give one that mdensity trained`,
        );
      }
      const { stacked, inputSigma: sigma } = inputOf(config);
      if (stacked > 1 || sigma === 0) {
        throw new UserError(
          `--model ${target}: is of parametrization ${config.parametrization} and ${describeNoise(config)}, no class of Gaussian noise; give a GPS model`,
        );
      }
      if (own.join() !== shape.join()) {
        throw new UserError(
          `--model ${target}: makes images [${own.join(', ')}], ${name} has [${shape.join(', ')}]; give the data it was trained on`,
        );
      }
      return { sigma, model: target, hash: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
  const wanted = classes ?? (given.length > 0 ? given.map(({ sigma }) => sigma) : [0.25]);
  const twice = given.find(({ sigma }, i) =>
    given.some((other, j) => j < i && same(other.sigma, sigma)),
  );
  if (twice)
    throw new UserError(`--model: two models have the class ${twice.sigma}; give one of each`);
  const left = given.find(({ sigma }) => !wanted.some((other) => same(other, sigma)));
  if (left) {
    throw new UserError(
      `--classes: the model ${left.model} has the class ${left.sigma}, which is not among ${wanted.join(', ')}; add it, or leave the model out`,
    );
  }
  return wanted.map(
    (sigma) =>
      given.find((one) => same(one.sigma, sigma)) ?? {
        sigma,
        model: join('models', String(sigma)),
      },
  );
}

const same = (a: number, b: number) => Math.abs(a - b) < 1e-9;

function trainingOf({ net, trainSteps, scale }: Options, { shape }: Dataset) {
  const preset = net ?? (scale === 'full' ? 'cifar10' : defaultNet(shape));
  findPreset(preset);
  const own = trainings[scale];
  return { ...own, net: preset, ...(trainSteps !== undefined && { steps: trainSteps }) };
}

/** Small networks by the size of the images. */
function defaultNet(shape: readonly number[]): string {
  const found = { 8: 'digits8', 28: 'digits', 32: 'light32' }[shape.at(-1)!];
  if (found !== undefined) return found;
  throw new UserError(
    `--net: is missing; no network is usual for examples [${shape.join(', ')}], give one of ${netNames.join(', ')}`,
  );
}
