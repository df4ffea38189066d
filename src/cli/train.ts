import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { z } from 'zod';
import { loadDataset } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { devices } from '../graph/index.ts';
import { findPreset } from '../nn/index.ts';
import {
  type Progress,
  type RunOptions,
  type RunRecord,
  type RunResult,
  readRecord,
  resumeRun,
  startRun,
  trainingSchema,
} from '../train/index.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { interruptible } from './interrupt.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptionsAndGiven,
} from './options.ts';
import { createOutput, type Output, shellWord } from './output.ts';
import { versions } from './versions.ts';

const training = trainingSchema.shape;

export const trainOptions = defineOptions({
  out: { flags: '--out <run>', description: 'directory of the run', schema: z.string() },
  net: {
    flags: '--net <preset>',
    description: 'network; see mdensity info',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <set>',
    description: 'named set or path: IDX, NPY, NPZ, CIFAR-10 binary, or a folder of images',
    schema: z.string().optional(),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, in units of the data (images: 0..1)',
    schema: training.sigma.default(0.5),
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'measurements; what is learned is the class σ/√M',
    schema: training.measurements,
  },
  view: {
    flags: '--view <view>',
    description: 'what the network predicts: denoised or noise',
    schema: training.view,
  },
  optimizer: {
    flags: '--optimizer <name>',
    description: 'adam, adamw or adagrad',
    schema: training.optimizer,
  },
  learningRate: {
    flags: '--learning-rate <rate>',
    description: 'highest learning rate',
    schema: training.learningRate,
  },
  warmup: {
    flags: '--warmup <steps>',
    description: 'steps of linear warm-up',
    schema: training.warmup,
  },
  decay: {
    flags: '--decay <kind>',
    description: 'after the warm-up: none, linear or cosine',
    schema: training.decay,
  },
  weightDecay: {
    flags: '--weight-decay <rate>',
    description: 'for adamw',
    schema: training.weightDecay,
  },
  steps: { flags: '--steps <n>', description: 'updates', schema: training.steps },
  batch: { flags: '--batch <n>', description: 'examples per update', schema: training.batch },
  microBatches: {
    flags: '--micro-batches <n>',
    description: 'parts a batch is split into, to need less memory',
    schema: training.microBatches,
  },
  ema: {
    flags: '--ema <decay>',
    description: 'moving average of parameters',
    schema: training.ema,
  },
  clip: {
    flags: '--clip <norm>',
    description: 'largest gradient norm, 0 for none',
    schema: training.clip,
  },
  flip: {
    flags: '--flip',
    description: 'mirror images left to right at random',
    schema: training.flip,
  },
  seed: { flags: '--seed <n>', description: 'decides every random number', schema: training.seed },
  ...datasetOptions,
  device: {
    flags: '--device <device>',
    description: devices.join(', '),
    schema: z.enum(['auto', 'cpu', 'webgpu', 'cuda']).default('cpu'),
  },
  saveEvery: {
    flags: '--save-every <steps>',
    description: 'steps between checkpoints',
    schema: z.int().min(1).default(500),
  },
  logEvery: {
    flags: '--log-every <steps>',
    description: 'steps between lines of metrics.jsonl',
    schema: z.int().min(1).default(20),
  },
  resume: {
    flags: '--resume',
    description: 'go on with the run in --out',
    schema: z.boolean().default(false),
  },
});

export type TrainOptions = OptionValues<typeof trainOptions>;

const examples = `
Examples:
  mdensity train --net digits --data mnist --sigma 0.5 --out runs/digits
  mdensity train --net mlp --data points.npy --sigma 0.3 --steps 5000 --out runs/points
  mdensity train --config digits.yaml --seed 1 --out runs/digits-1
  mdensity train --out runs/digits --resume`;

export function trainCommand(parent: Command): void {
  const command = addOptions(
    parent.command('train').description('learn an M-density from data'),
    trainOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const { options, given } = await readOptionsAndGiven(trainOptions, command);
    const { out } = options;
    const work = options.resume ? resumeTraining(out, given, output) : train(options, output);
    const run = shellWord(out);
    const result = checkFinished(await work, `mdensity train --out ${run} --resume`);
    const rate = result.imagesPerSecond ? `, ${Math.round(result.imagesPerSecond)} images/s` : '';
    output.result(
      result,
      `${out}: ${result.step} steps, loss ${result.loss?.toPrecision(4) ?? '–'}${rate}; next: mdensity sample --model ${run} --out samples.png`,
    );
  });
}

/** Starts a run as the options say; Ctrl-C saves it. */
export async function train(options: TrainOptions, output: Output): Promise<RunResult> {
  const { out: directory, device, saveEvery, logEvery } = options;
  const source = required(options.data, '--data', 'mnist');
  const network = findPreset(required(options.net, '--net', 'digits')).config;
  const { sigma, measurements, view } = options;
  const sourceOptions = givenDatasetOptions(options);
  const dataset = await loadDataset(source, sourceOptions);
  const { shape } = dataset;
  const config = trainingSchema.parse(
    Object.fromEntries(
      Object.keys(training).map((key) => [key, options[key as keyof TrainOptions]]),
    ),
  );
  return watched(output, options.steps, (watch) =>
    startRun({
      ...{ directory, dataset, device, saveEvery, logEvery, ...watch },
      model: { parametrization: 'gps', view, sigma, measurements, shape, network },
      training: config,
      source,
      sourceOptions: { ...sourceOptions },
      versions: versions(),
    }),
  );
}

/** Goes on with a run. Options given with it must be those it was started with. */
export async function resumeTraining(
  directory: string,
  given: Partial<TrainOptions>,
  output: Output,
): Promise<RunResult> {
  const record = await readRecord(directory);
  checkUnchanged(record, given, directory);
  const { device, saveEvery, logEvery } = given;
  const dataset = await loadDataset(given.data ?? record.data.source, {
    ...record.data.options,
    ...givenDatasetOptions(given),
  });
  return watched(output, record.training.steps, (watch) =>
    resumeRun({ directory, dataset, device, saveEvery, logEvery, ...watch }),
  );
}

/** Other numbers would make another run. Data is known by its hash, wherever it is now. */
function checkUnchanged(record: RunRecord, given: Partial<TrainOptions>, directory: string): void {
  const { net, ...rest } = given;
  for (const key of Object.keys(training) as (keyof typeof training)[]) {
    if (rest[key] === undefined || rest[key] === record.training[key]) continue;
    const option = trainOptions[key].flags.split(' ')[0];
    throw new UserError(
      `${option} ${rest[key]}: the run in ${directory} has ${record.training[key]}; leave ${option} out to resume it, or start another run`,
    );
  }
  if (net === undefined) return;
  if (isDeepStrictEqual(findPreset(net).config, record.model.network)) return;
  throw new UserError(
    `--net ${net}: the run in ${directory} has another network; leave --net out to resume it, or start another run`,
  );
}

type Watch = Pick<RunOptions, 'signal' | 'onProgress'>;

/** Work with a progress bar that Ctrl-C ends after the step in hand. */
async function watched(
  output: Output,
  steps: number,
  work: (watch: Watch) => Promise<RunResult>,
): Promise<RunResult> {
  const bar = output.progress('training', steps);
  const onProgress = ({ step, secondsLeft, loss, imagesPerSecond }: Progress) =>
    bar.update(step, {
      secondsLeft,
      note: `loss ${loss.toPrecision(4)} · ${Math.round(imagesPerSecond)} examples/s`,
    });
  return interruptible((signal) => work({ signal, onProgress })).finally(() => bar.stop());
}

/** @throws UserError saying how to go on with a run that was stopped. */
export function checkFinished(result: RunResult, command: string): RunResult {
  if (result.finished) return result;
  throw new UserError(
    `stopped after step ${result.step} of ${result.steps}, saved; go on with: ${command}`,
    { exitCode: 130 },
  );
}

function required(value: string | undefined, option: string, example: string): string {
  if (value !== undefined) return value;
  throw new UserError(`${option}: is missing; give one, such as ${option} ${example}`);
}
