import type { Command } from 'commander';
import { z } from 'zod';
import { loadDataset } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { devices } from '../graph/index.ts';
import { findPreset } from '../nn/index.ts';
import {
  type Progress,
  type RunResult,
  readRecord,
  resumeRun,
  startRun,
  trainingSchema,
} from '../train/index.ts';
import { interruptible } from './interrupt.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput, type Output } from './output.ts';
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
  split: {
    flags: '--split <part>',
    description: 'train or test part of the set',
    schema: z.enum(['train', 'test']).optional(),
  },
  limit: {
    flags: '--limit <n>',
    description: 'use only this many examples',
    schema: z.int().min(1).optional(),
  },
  size: {
    flags: '--size <pixels>',
    description: 'folders of images: resize to size × size',
    schema: z.int().min(1).optional(),
  },
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

export function trainCommand(parent: Command): void {
  const command = addOptions(
    parent.command('train').description('learn an M-density from data'),
    trainOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const result = await train(await readOptions(trainOptions, command), output);
    const rate = result.imagesPerSecond ? `, ${Math.round(result.imagesPerSecond)} images/s` : '';
    output.result(
      result,
      `${result.directory}: ${result.step} steps, loss ${result.loss?.toFixed(3) ?? '–'}${rate}; next: mdensity sample --model ${result.directory} --out samples.png`,
    );
  });
}

const examples = `
Examples:
  mdensity train --net digits --data mnist --sigma 0.5 --out runs/digits
  mdensity train --net mlp --data points.npy --sigma 0.3 --steps 5000 --out runs/points
  mdensity train --out runs/digits --resume`;

/** Starts or resumes a run as the options say; Ctrl-C saves it and says how to go on. */
export async function train(options: TrainOptions, output: Output): Promise<RunResult> {
  const { out, resume } = options;
  const record = resume ? await readRecord(out) : undefined;
  const source = record?.data.source ?? required(options.data, '--data', 'mnist');
  const dataset = await loadDataset(source, options);
  const total = record?.training.steps ?? options.steps;
  const bar = output.progress('training', total);
  const onProgress = (progress: Progress) =>
    bar.update(progress.step, {
      secondsLeft: progress.secondsLeft,
      note: `loss ${progress.loss.toFixed(2)} · ${Math.round(progress.imagesPerSecond)} examples/s`,
    });
  const { device, saveEvery, logEvery } = options;
  return interruptible(async (signal) => {
    const run = { directory: out, dataset, device, saveEvery, logEvery, signal, onProgress };
    const result = record
      ? await resumeRun(run)
      : await startRun({ ...run, ...newRun(options, source, dataset.shape) });
    bar.stop();
    if (!result.finished) {
      throw new UserError(
        `stopped after step ${result.step} of ${result.steps}, saved; go on with: mdensity train --out ${out} --resume`,
        { exitCode: 130 },
      );
    }
    return result;
  }).finally(() => bar.stop());
}

function newRun(options: TrainOptions, source: string, shape: readonly number[]) {
  const network = findPreset(required(options.net, '--net', 'digits')).config;
  const { sigma, measurements, view } = options;
  const config = trainingSchema.parse(
    Object.fromEntries(
      Object.keys(training).map((key) => [key, options[key as keyof TrainOptions]]),
    ),
  );
  return {
    model: { parametrization: 'gps' as const, view, sigma, measurements, shape, network },
    training: config,
    source,
    versions: versions(),
  };
}

function required(value: string | undefined, option: string, example: string): string {
  if (value !== undefined) return value;
  throw new UserError(`${option}: is missing; give one, such as ${option} ${example}`);
}
