import type { Command } from 'commander';
import type { Dataset } from '../data/index.ts';
import { loadDataset } from '../data/node/index.ts';
import { UserError } from '../errors.ts';
import { watchDistance } from '../evaluate/model/training-distance.ts';
import { samplesEvaluator } from '../evaluate/model/training-samples.ts';
import type { ModelConfig } from '../model/index.ts';
import { findPreset, type NetworkConfig, networkKind } from '../nn/index.ts';
import {
  bestModelPath,
  changeable,
  dataOfRun,
  hasRun,
  type NewRunOptions,
  type Progress,
  type RunOptions,
  type RunRecord,
  type RunResult,
  readRecord,
  resumeRun,
  startRun,
} from '../run/index.ts';
import { versions } from '../run/versions.ts';
import { readWeights } from '../run/weights-file.ts';
import { samplesName } from '../sample/node/draws-files.ts';
import { shellWord } from '../text.ts';
import { measureDataScale, type TrainingConfig, trainingSchema } from '../train/index.ts';
import { givenDatasetOptions } from './dataset-options.ts';
import { interruptible } from './interrupt.ts';
import { conditionOf, familyNoise } from './level-options.ts';
import { checkFits } from './network-fits.ts';
import { noiseOf, refuseOtherNoise } from './noise-options.ts';
import { addOptions, globalOptions, readOptionsAndGiven } from './options.ts';
import { createOutput, type Output } from './output.ts';
import { checkSameModel } from './same-model.ts';
import { defaultValidation, type TrainOptions, trainOptions } from './train-options.ts';
import { isTogether, resumeWorkers, startWorkers } from './train-together.ts';
import { changedTraining } from './training-change.ts';
import { costOf, describeCost } from './training-cost.ts';
import { watch } from './watch.ts';

const training = trainingSchema.shape;

const examples = `
Examples:
  mdensity train --net digits --data mnist --sigma 0.5 --out runs/digits
  mdensity train --net mlp --data points.npy --sigma 0.3 --steps 5000 --out runs/points
  mdensity train --net unet-s --data mnist --dropout 0.1 --out runs/unet
  mdensity train --net digits --data mnist --sigmas 0.2..1.6 --condition class --out runs/family
  mdensity train --net bytenet --data peptides.fasta --alphabet protein --pad end --out runs/peptides
  mdensity train --config digits.yaml --seed 1 --out runs/digits-1
  mdensity train --net digits --data mnist --sample-every 500 --stop-metric validationLoss --out runs/watched
  mdensity train --out runs/digits --resume
  mdensity train --out runs/digits --resume --steps 4000 --learning-rate 3e-4
  mdensity train --net digits --data mnist --out runs/digits --resume=auto
  mdensity train --net digits --data mnist --workers 2 --inner-steps 200 --out runs/together`;

/** Adds the command `mdensity train`. */
export function trainCommand(parent: Command): void {
  const command = addOptions(
    parent.command('train').description('learn an M-density from data'),
    trainOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const { options, given } = await readOptionsAndGiven(trainOptions, command);
    const { out } = options;
    if (options.dryRun) {
      if (options.resume) {
        throw new UserError('--dry-run: is of a new run; leave out --resume');
      }
      const cost = await costOf(await planTraining(options, output));
      output.result(cost, describeCost(cost));
      return;
    }
    const resume = options.resume === 'auto' ? await hasRun(out) : options.resume;
    const alone = () => (resume ? resumeTraining(out, given, output) : train(options, output));
    const together = async () =>
      resume
        ? resumeWorkers(options, given, output)
        : startWorkers(await planTraining(options, output), { options, given }, output);
    const work = isTogether(options, resume) ? together() : alone();
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
  const planned = await planTraining(options, output);
  return watched(output, options.steps, (watch) => startRun({ ...planned, ...watch }));
}

/** Everything that a run is started with. */
async function planTraining(options: TrainOptions, output: Output): Promise<NewRunOptions> {
  const { out: directory, device, threads, saveEvery, logEvery } = options;
  const { validateEvery, sampleEvery, stopMetric, patience } = options;
  const source = required(options.data, '--data', 'mnist');
  const network = networkOf(required(options.net, '--net', 'digits'), options.dropout);
  const { inputScale } = options;
  const sourceOptions = givenDatasetOptions(options);
  const dataset = await watch(output, (work) => loadDataset(source, { ...sourceOptions, ...work }));
  const { shape, alphabet } = dataset;
  if (alphabet) refuseForSequences(options);
  const { parametrization } = options;
  const levels = familyNoise(options);
  if (levels) refuseOtherNoise(parametrization, options);
  const noise = levels ?? noiseOf(parametrization, options);
  const { view = levels ? 'preconditioned' : 'denoised' } = options;
  const condition = conditionOf(options, dataset);
  const config = configOf(options, dataset);
  const metaEncoder = metaEncoderOf(options);
  const model = {
    parametrization,
    view,
    noise,
    shape,
    network,
    ...(inputScale !== undefined && { inputScale }),
    ...((levels || view === 'preconditioned') && { dataScale: measureDataScale(dataset) }),
    ...(condition && { condition }),
    ...(metaEncoder && { metaEncoder }),
    ...(alphabet && { alphabet }),
  };
  checkFits(options.net, model);
  const { init } = options;
  const start = init === undefined ? undefined : await startFrom(init, model);
  const evaluators = [
    ...samplesEvaluator(dataset, { every: sampleEvery, seed: config.seed }),
    ...(await watch(output, (work) => watchDistance(dataset, options, config, work))),
  ];
  return {
    directory,
    dataset,
    device,
    threads,
    saveEvery,
    logEvery,
    validateEvery,
    evaluators,
    stopMetric,
    patience,
    model,
    start,
    training: config,
    source,
    sourceOptions: { ...sourceOptions },
    versions: versions(),
  };
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

/**
 * Goes on with a run. Options given with it must be those it was started with, but for its length
 * and the learning rate of what is to come.
 */
export async function resumeTraining(
  directory: string,
  given: Partial<TrainOptions>,
  output: Output,
): Promise<RunResult> {
  const record = await readRecord(directory);
  checkUnchanged(record, given, directory);
  const { device, threads, saveEvery, logEvery, validateEvery, stopMetric, patience } = given;
  const every = given.sampleEvery ?? record.evaluation.every.samples ?? 0;
  const source = given.data ?? dataOfRun(record);
  const sourceOptions = { ...record.data.options, ...givenDatasetOptions(given) };
  const dataset = await watch(output, (work) => loadDataset(source, { ...sourceOptions, ...work }));
  const { steps, seed } = await changedTraining(record, given, { directory, output });
  const evaluators = [
    ...samplesEvaluator(dataset, { every, seed }),
    ...(await watch(output, (work) =>
      watchDistance(dataset, given, { seed, recorded: record.evaluation }, work),
    )),
  ];
  return watched(output, steps, (watch) =>
    resumeRun({
      directory,
      dataset,
      device,
      threads,
      saveEvery,
      logEvery,
      ...watch,
      validateEvery,
      evaluators,
      stopMetric,
      patience,
      change: given,
    }),
  );
}

/** Other numbers would make another run. Data is known by its hash, wherever it is now. */
function checkUnchanged(record: RunRecord, given: Partial<TrainOptions>, directory: string): void {
  const { init, ...rest } = given;
  for (const key of Object.keys(training) as (keyof typeof training)[]) {
    if (rest[key] === undefined || rest[key] === record.training[key]) continue;
    if ((changeable as readonly string[]).includes(key)) continue;
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
  checkSameModel(record, given, directory);
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

/**
 * Checks that a run came to its end.
 * @throws UserError saying how to go on with a run that was stopped.
 */
export function checkFinished(result: RunResult, command: string): RunResult {
  if (result.finished) return result;
  throw new UserError(
    `stopped after step ${result.step} of ${result.steps}, saved; go on with: ${command}`,
    { code: 'stopped' },
  );
}

function required(value: string | undefined, option: string, example: string): string {
  if (value !== undefined) return value;
  throw new UserError(`${option}: is missing; give one, such as ${option} ${example}`);
}
