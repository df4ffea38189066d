import type { Dataset } from '../data/dataset.ts';
import { holdOut } from '../data/hold-out.ts';
import { UserError } from '../errors.ts';
import type { Device } from '../graph/index.ts';
import { createModel, levelsOf, type ModelConfig, modelConfigSchema } from '../model/index.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import type { TrainingConfig } from '../train/config.ts';
import { checkpointVectors, createTrainer, type Trainer } from '../train/trainer.ts';
import { changeRecord, type TrainingChange } from './change.ts';
import { type StoppingRule, stoppingRule } from './early-stopping.ts';
import { type EvaluationStatus, readStatus } from './evaluations.ts';
import { type Evaluator, reportedMetrics } from './evaluators.ts';
import { readMetrics, trimMetrics } from './metrics-file.ts';
import { absolutePath } from './run-data.ts';
import {
  clearUnfinished,
  createFolders,
  type EvaluationRecord,
  listCheckpoints,
  loadCheckpoint,
  modelPath,
  type RunRecord,
  readRecord,
  refuseRun,
  saveCheckpoint,
  writeRecord,
} from './run-directory.ts';
import { lockRun } from './run-lock.ts';
import { SNAPSHOTS } from './snapshots.ts';
import { type Progress, type RunResult, saveModel, trainAndSave } from './training-loop.ts';
import { validationEvaluator } from './validation-evaluator.ts';

/** Where an option is left out, a resumed run goes on with what it was started with. */
export interface RunOptions {
  readonly directory: string;
  readonly dataset: Dataset;
  /** Default for a new run: `auto`. */
  readonly device?: Device | undefined;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number | undefined;
  /** Steps between checkpoints. Default for a new run: 500. */
  readonly saveEvery?: number | undefined;
  /** Steps between lines of the metrics. Default for a new run: 20. */
  readonly logEvery?: number | undefined;
  /**
   * Steps between losses on the examples that `training.validation` holds out. Default for a new
   * run: 200.
   */
  readonly validateEvery?: number | undefined;
  /** What else is measured or drawn on the way. To be given again when a run is resumed. */
  readonly evaluators?: readonly Evaluator[] | undefined;
  /**
   * A metric that the evaluators report, such as `validationLoss`. The model that is best by it is
   * kept as `best.onnx`, and the run ends when it has stopped improving.
   */
  readonly stopMetric?: string | undefined;
  /** Evaluations without improvement after which the run ends. Default for a new run: 5. */
  readonly patience?: number | undefined;
  /** Aborting it ends the run after the step in hand, saved. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface NewRunOptions extends RunOptions {
  readonly model: ModelConfig;
  readonly training: TrainingConfig;
  /** What the data was asked for by: a set's name or a path. */
  readonly source: string;
  /** What was asked for of it, such as `limit` or `split`: recorded, to ask for the same again. */
  readonly sourceOptions?: Readonly<Record<string, unknown>>;
  /** Parameters [P] to start from, and where they come from. Default: as the network starts. */
  readonly start?: { readonly parameters: Float32Array; readonly source: string } | undefined;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Starts a run in a new directory.
 * @throws UserError if one was started there, or the settings do not go together.
 */
export async function startRun(options: NewRunOptions): Promise<RunResult> {
  const { directory, dataset, training, source, sourceOptions = {}, versions, start } = options;
  // In the order in which it is read again, so that its files are the same bytes then.
  const model = modelConfigSchema.parse(options.model);
  await refuseRun(directory);
  const { name, count, hash } = dataset;
  const path = absolutePath(source);
  const plan = planRun(options, { model, training }, { every: {}, patience: 5 });
  const record: RunRecord = {
    model,
    training,
    ...(start && { start: start.source }),
    data: { source, ...(path && { path }), options: sourceOptions, name, count, hash },
    device: options.device ?? 'auto',
    saveEvery: options.saveEvery ?? 500,
    logEvery: options.logEvery ?? 20,
    evaluation: plan.evaluation,
    versions,
    started: new Date().toISOString(),
  };
  const denoiser = createModel(model);
  const { specs } = denoiser;
  // The trainer is made first: a configuration that cannot work leaves no directory behind.
  const trainer = await createTrainer({
    model: denoiser,
    dataset: plan.dataset,
    config: training,
    device: record.device,
    threads: options.threads,
    start: start?.parameters,
  });
  return releasing(trainer, async () => {
    await createFolders(directory);
    return locked(directory, async () => {
      // Another process may have started one while this one compiled.
      await refuseRun(directory);
      await writeRecord(directory, record);
      // A run stopped before its first checkpoint must find what it was given.
      if (start) await saveCheckpoint(directory, await trainer.checkpoint(), specs);
      return trainAndSave(trainer, { ...options, ...plan, record });
    });
  });
}

export interface ResumeOptions extends RunOptions {
  /** Another length, learning rate or schedule from here on: recorded in `run.json`. */
  readonly change?: TrainingChange | undefined;
}

/**
 * Goes on with a run from its newest checkpoint, to the same bits as if it had never stopped,
 * unless something is changed. A finished run is left as it is, unless it is made longer.
 *
 * @throws UserError if another process is training it.
 */
export async function resumeRun(options: ResumeOptions): Promise<RunResult> {
  const { directory } = options;
  const recorded = await readRecord(directory);
  const step = (await listCheckpoints(directory)).at(-1) ?? 0;
  const found = changeRecord(recorded, options.change ?? {}, step);
  const { device = found.device, saveEvery = found.saveEvery, logEvery = found.logEvery } = options;
  checkMetric(found, options);
  const plan = planRun(options, found, found.evaluation);
  const record = { ...found, device, saveEvery, logEvery, evaluation: plan.evaluation };
  checkData(record, options);
  return locked(directory, async () => {
    if (found !== recorded)
      await writeRecord(directory, { ...found, evaluation: recorded.evaluation });
    return goOn(record, plan, options);
  });
}

async function goOn(record: RunRecord, plan: Plan, options: RunOptions): Promise<RunResult> {
  const { directory } = options;
  const { training: config, device } = record;
  const model = createModel(record.model);
  const checkpoint = await loadCheckpoint(directory, model.specs, checkpointVectors(config));
  await clearUnfinished(directory, [SNAPSHOTS, ...Object.keys(record.evaluation.every)]);
  await trimMetrics(directory, checkpoint?.step ?? 0);
  if (checkpoint) {
    const status = await readStatus({ directory, steps: config.steps, ...plan });
    const over = checkpoint.step >= config.steps || status.stop === true;
    if (over && !status.pending(checkpoint.step)) {
      return finishedRun(record, checkpoint, { directory, status });
    }
  }
  const start: { checkpoint?: Checkpoint } = checkpoint ? { checkpoint } : {};
  const { threads } = options;
  const made = { model, dataset: plan.dataset, config, device, threads, ...start };
  const trainer = await createTrainer(made);
  return releasing(trainer, () => trainAndSave(trainer, { ...options, ...plan, record, ...start }));
}

/** What is trained on, and what is evaluated on the way. */
interface Plan {
  readonly dataset: Dataset;
  readonly evaluators: readonly Evaluator[];
  readonly rule: StoppingRule | undefined;
  /** What of it is recorded. */
  readonly evaluation: EvaluationRecord;
}

function planRun(
  options: RunOptions,
  { model, training: config }: Pick<RunRecord, 'model' | 'training'>,
  recorded: EvaluationRecord,
): Plan {
  const { validateEvery = recorded.every.validation ?? 200 } = options;
  const { stopMetric = recorded.stopMetric, patience = recorded.patience } = options;
  if (options.patience !== undefined && stopMetric === undefined) {
    throw new UserError(
      `patience ${options.patience}: evaluations of what? Name a metric too, such as stopMetric validationLoss`,
      {
        code: 'invalid',
        facts: { option: 'patience', options: ['stopMetric'], value: options.patience },
      },
    );
  }
  const { training, heldOut } = holdOut(options.dataset, config);
  const measured = { levels: levelsOf(model), dataScale: model.dataScale };
  if (heldOut === undefined && options.validateEvery !== undefined) {
    const { name, count } = training;
    throw new UserError(
      `validateEvery ${options.validateEvery}: no examples are held out of the ${count} of ${name}; give their number, such as validation ${Math.ceil(count / 20)}`,
      {
        facts: {
          option: 'validateEvery',
          options: ['validation'],
          value: options.validateEvery,
          count,
        },
      },
    );
  }
  const evaluators = [
    ...(heldOut ? [validationEvaluator(heldOut, config, validateEvery, measured)] : []),
    ...(options.evaluators ?? []),
  ];
  const settings = settingsOf(evaluators, recorded, options.directory);
  const rule = stoppingRule({ stopMetric, patience }, reportedMetrics(evaluators));
  const every = Object.fromEntries(evaluators.map(({ name, every }) => [name, every]));
  return {
    dataset: training,
    evaluators,
    rule,
    evaluation: { every, ...settings, ...(stopMetric !== undefined && { stopMetric }), patience },
  };
}

/** @throws UserError where an evaluator would go on with other settings than it began with. */
function settingsOf(
  evaluators: readonly Evaluator[],
  recorded: EvaluationRecord,
  directory: string,
): Pick<EvaluationRecord, 'settings'> {
  const made = evaluators.flatMap(({ name, settings }) => (settings ? [[name, settings]] : []));
  const settings = Object.fromEntries(made) as NonNullable<EvaluationRecord['settings']>;
  for (const [name, own] of Object.entries(settings)) {
    for (const [key, before] of Object.entries(recorded.settings?.[name] ?? {})) {
      if (own[key] === before) continue;
      throw new UserError(
        `${name}: ${key} was ${before} in ${directory} and is ${own[key]}; go on with the same, or start another run`,
        {
          code: 'mismatch',
          facts: { path: directory, evaluator: name, setting: key, kept: before, given: own[key] },
        },
      );
    }
  }
  return made.length > 0 ? { settings } : {};
}

async function releasing<T>(trainer: Trainer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await trainer.release();
  }
}

async function locked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const unlock = await lockRun(directory);
  try {
    return await work();
  } finally {
    await unlock();
  }
}

/** By another metric, another model would have been kept as the best so far. */
function checkMetric({ evaluation }: RunRecord, { directory, stopMetric }: RunOptions): void {
  if (stopMetric === undefined || stopMetric === evaluation.stopMetric) return;
  throw new UserError(
    `stopMetric ${stopMetric}: the run in ${directory} watches ${evaluation.stopMetric ?? 'none'}; leave it out to resume the run, or start another`,
    {
      code: 'mismatch',
      facts: { option: 'stopMetric', value: stopMetric, kept: evaluation.stopMetric },
    },
  );
}

function checkData({ data }: RunRecord, { directory, dataset }: RunOptions): void {
  if (data.hash === dataset.hash) return;
  throw new UserError(
    `${directory}: was trained on ${data.source} with hash ${data.hash.slice(0, 12)}…, the data now has ${dataset.hash.slice(0, 12)}…; restore it or start a new run`,
    {
      code: 'mismatch',
      facts: { path: directory, data: data.source, kept: data.hash, given: dataset.hash },
    },
  );
}

async function finishedRun(
  record: RunRecord,
  checkpoint: Checkpoint,
  { directory, status }: { readonly directory: string; readonly status: EvaluationStatus },
): Promise<RunResult> {
  // A process killed between the last checkpoint and the model leaves an older model.
  await saveModel(modelPath(directory), checkpoint, record);
  const { step } = checkpoint;
  const loss = (await readMetrics(directory)).at(-1)?.loss;
  const { steps } = record.training;
  return {
    directory,
    step,
    steps,
    loss,
    imagesPerSecond: undefined,
    finished: true,
    stoppedEarly: step < steps,
    best: status.best,
  };
}
