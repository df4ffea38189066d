import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { type ModelConfig, parametrizations } from '../model/index.ts';
import { findPreset, type NetworkConfig, networkKind } from '../nn/index.ts';
import {
  bestModelPath,
  type Dataset,
  type Progress,
  type RunOptions,
  type RunRecord,
  type RunResult,
  readRecord,
  resumeRun,
  startRun,
  type TrainingConfig,
  trainingSchema,
} from '../train/index.ts';
import { givenDatasetOptions } from './dataset-options.ts';
import { watchDistance } from './evaluation/training-distance.ts';
import { interruptible } from './interrupt.ts';
import { loadShown } from './load-progress.ts';
import { addOptions, globalOptions, readOptionsAndGiven } from './options.ts';
import { createOutput, type Output, shellWord } from './output.ts';
import { samplesName } from './sample-files.ts';
import { defaultValidation, type TrainOptions, trainOptions } from './train-options.ts';
import { samplesEvaluator } from './training-samples.ts';
import { versions } from './versions.ts';
import { readWeights } from './weights-file.ts';

const training = trainingSchema.shape;

const examples = `
Examples:
  mdensity train --net digits --data mnist --sigma 0.5 --out runs/digits
  mdensity train --net mlp --data points.npy --sigma 0.3 --steps 5000 --out runs/points
  mdensity train --net unet-s --data mnist --dropout 0.1 --out runs/unet
  mdensity train --net bytenet --data peptides.fasta --alphabet protein --pad end --out runs/peptides
  mdensity train --config digits.yaml --seed 1 --out runs/digits-1
  mdensity train --net digits --data mnist --sample-every 500 --stop-metric validationLoss --out runs/watched
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
    output.result(result, summary(result, samplesName((await readRecord(out)).model)));
  });
}

/** What became of a run, and what to do next. */
function summary(
  { directory, step, steps, loss, imagesPerSecond, stoppedEarly, best }: RunResult,
  samples: string,
) {
  const rate = imagesPerSecond ? `, ${Math.round(imagesPerSecond)} examples/s` : '';
  const made = stoppedEarly
    ? `stopped after ${step} of ${steps} steps, ${best?.metric} improved no more`
    : `${step} steps`;
  const found = best
    ? `; best ${best.metric} ${best.value.toPrecision(4)} at step ${best.step}`
    : '';
  const model = shellWord(best ? bestModelPath(directory) : directory);
  return `${directory}: ${made}, loss ${loss?.toPrecision(4) ?? '–'}${rate}${found}; next: mdensity sample --model ${model} --out ${samples}`;
}

/** Starts a run as the options say; Ctrl-C saves it. */
export async function train(options: TrainOptions, output: Output): Promise<RunResult> {
  const { out: directory, device, threads, saveEvery, logEvery } = options;
  const { validateEvery, sampleEvery, stopMetric, patience } = options;
  const source = required(options.data, '--data', 'mnist');
  const network = networkOf(required(options.net, '--net', 'digits'), options.dropout);
  const { measurements, view, inputScale } = options;
  const sourceOptions = givenDatasetOptions(options);
  const dataset = await loadShown(source, sourceOptions, output);
  const { shape, alphabet } = dataset;
  if (alphabet) refuseForSequences(options);
  const noise = noiseOf(options);
  const config = configOf({ ...options, ...noise }, dataset);
  const { parametrization } = options;
  const metaEncoder = metaEncoderOf(options);
  const model = {
    ...{ parametrization, view, ...noise, measurements, shape, network },
    ...(inputScale !== undefined && { inputScale }),
    ...(metaEncoder && { metaEncoder }),
    ...(alphabet && { alphabet }),
  };
  const { init } = options;
  const start = init === undefined ? undefined : await startFrom(init, model);
  const evaluators = [
    ...samplesEvaluator(dataset, { every: sampleEvery, seed: config.seed }),
    ...(await watchDistance(dataset, options, config, output)),
  ];
  return watched(output, options.steps, (watch) =>
    startRun({
      ...{ directory, dataset, device, threads, saveEvery, logEvery, ...watch },
      ...{ validateEvery, evaluators, stopMetric, patience },
      ...{ model, start },
      training: config,
      source,
      sourceOptions: { ...sourceOptions },
      versions: versions(),
    }),
  );
}

/** Deviation or rate of one measurement, whichever the parametrization has. */
function noiseOf({ parametrization, sigma, rate, background }: TrainOptions) {
  const counts = parametrizations[parametrization].noise === 'poisson';
  if (counts && sigma !== undefined) {
    throw new UserError(
      `--sigma ${sigma}: parametrization ${parametrization} learns from counts, of a rate; give --rate`,
    );
  }
  if (!counts && (rate ?? background) !== undefined) {
    throw new UserError(
      `${rate === undefined ? `--background ${background}` : `--rate ${rate}`}: parametrization ${parametrization} learns from Gaussian noise; give --sigma, or take --parametrization poisson`,
    );
  }
  return counts ? { rate: rate ?? 4, background: background ?? 0 } : { sigma: sigma ?? 0.5 };
}

/** A preset's network, with another dropout where one is given. */
function networkOf(net: string, dropout: number | undefined): NetworkConfig {
  const { config } = findPreset(net);
  if (dropout === undefined) return config;
  if (config.type === 'unet') return { ...config, dropout };
  throw new UserError(
    `--dropout ${dropout}: network ${net} has none; leave --dropout out, or take a U-Net, such as --net unet-s`,
  );
}

/** @throws UserError for a parametrization that has none, or a network that is no energy. */
function metaEncoderOf({ metaEncoder, parametrization }: TrainOptions): NetworkConfig | undefined {
  if (metaEncoder === undefined) return undefined;
  if (parametrization !== 'mem-quadratic') {
    throw new UserError(
      `--meta-encoder ${metaEncoder}: parametrization ${parametrization} has none; leave it out, or take --parametrization mem-quadratic`,
    );
  }
  const { config } = findPreset(metaEncoder);
  if (networkKind(config) === 'energy') return config;
  throw new UserError(
    `--meta-encoder ${metaEncoder}: is no energy network; take one, such as energy28`,
  );
}

/** @throws UserError for options that make sense of images alone. */
function refuseForSequences({ flip, distanceEvery }: TrainOptions): void {
  if (flip) throw new UserError('--flip: would read sequences backwards; leave it out');
  if (distanceEvery === 0) return;
  throw new UserError(
    `--distance-every ${distanceEvery}: is of images; leave it out, and run mdensity evaluate afterwards`,
  );
}

async function startFrom(source: string, model: ModelConfig) {
  return { source, parameters: await readWeights(source, model) };
}

function configOf(options: TrainOptions, dataset: Dataset): TrainingConfig {
  const entries = Object.keys(training).map((key) => [key, options[key as keyof TrainOptions]]);
  const { validation = defaultValidation(dataset.count) } = options;
  return trainingSchema.parse({ ...Object.fromEntries(entries), validation });
}

/** Goes on with a run. Options given with it must be those it was started with. */
export async function resumeTraining(
  directory: string,
  given: Partial<TrainOptions>,
  output: Output,
): Promise<RunResult> {
  const record = await readRecord(directory);
  checkUnchanged(record, given, directory);
  const { device, threads, saveEvery, logEvery, validateEvery, stopMetric, patience } = given;
  const every = given.sampleEvery ?? record.evaluation.every.samples ?? 0;
  const dataset = await loadShown(
    given.data ?? record.data.source,
    { ...record.data.options, ...givenDatasetOptions(given) },
    output,
  );
  const { steps, seed } = record.training;
  const evaluators = [
    ...samplesEvaluator(dataset, { every, seed }),
    ...(await watchDistance(dataset, given, { seed, recorded: record.evaluation }, output)),
  ];
  return watched(output, steps, (watch) =>
    resumeRun({
      ...{ directory, dataset, device, threads, saveEvery, logEvery, ...watch },
      ...{ validateEvery, evaluators, stopMetric, patience },
    }),
  );
}

/** Other numbers would make another run. Data is known by its hash, wherever it is now. */
function checkUnchanged(record: RunRecord, given: Partial<TrainOptions>, directory: string): void {
  const { net, dropout, init, ...rest } = given;
  for (const key of Object.keys(training) as (keyof typeof training)[]) {
    if (rest[key] === undefined || rest[key] === record.training[key]) continue;
    const option = trainOptions[key].flags.split(' ')[0];
    throw new UserError(
      `${option} ${rest[key]}: the run in ${directory} has ${record.training[key]}; leave ${option} out to resume it, or start another run`,
    );
  }
  if (init !== undefined && init !== record.start) {
    throw new UserError(
      `--init ${init}: the run in ${directory} started from ${record.start ?? 'no other weights'}; leave --init out to resume it, or start another run`,
    );
  }
  checkNetwork(record, { net, dropout }, directory);
  checkParametrization(record, given, directory);
}

function checkNetwork(
  { model: { network } }: RunRecord,
  { net, dropout }: { readonly net?: string | undefined; readonly dropout?: number | undefined },
  directory: string,
): void {
  const own = network.type === 'unet' ? network.dropout : undefined;
  if (dropout !== undefined && dropout !== own) {
    throw new UserError(
      `--dropout ${dropout}: the run in ${directory} has ${own ?? 'none'}; leave --dropout out to resume it, or start another run`,
    );
  }
  if (net === undefined) return;
  const { config } = findPreset(net);
  // A run may have another dropout than its preset.
  const same = own === undefined || config.type !== 'unet' ? config : { ...config, dropout: own };
  if (isDeepStrictEqual(same, network)) return;
  throw new UserError(
    `--net ${net}: the run in ${directory} has another network; leave --net out to resume it, or start another run`,
  );
}

function checkParametrization(
  { model }: RunRecord,
  { parametrization, metaEncoder, inputScale }: Partial<TrainOptions>,
  directory: string,
): void {
  const { inputScale: scale = 1 } = model;
  if (inputScale !== undefined && inputScale !== scale) {
    throw new UserError(
      `--input-scale ${inputScale}: the run in ${directory} has ${scale}; leave it out to resume it, or start another run`,
    );
  }
  if (parametrization !== undefined && parametrization !== model.parametrization) {
    throw new UserError(
      `--parametrization ${parametrization}: the run in ${directory} has ${model.parametrization}; leave it out to resume it, or start another run`,
    );
  }
  if (metaEncoder === undefined) return;
  if (isDeepStrictEqual(findPreset(metaEncoder).config, model.metaEncoder)) return;
  throw new UserError(
    `--meta-encoder ${metaEncoder}: the run in ${directory} has ${model.metaEncoder ? 'another' : 'none'}; leave it out to resume it, or start another run`,
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
  const onProgress = ({ step, secondsLeft, loss, imagesPerSecond, evaluating }: Progress) =>
    bar.update(step, {
      secondsLeft,
      note: `loss ${loss.toPrecision(4)} · ${evaluating ? 'evaluating' : `${Math.round(imagesPerSecond)} examples/s`}`,
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
