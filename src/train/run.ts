import { UserError } from '../errors.ts';
import type { Device } from '../graph/index.ts';
import { createModel, exportDenoiser, type ModelConfig } from '../model/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainingConfig } from './config.ts';
import type { Dataset } from './dataset.ts';
import { type Meter, startMeter } from './meter.ts';
import {
  appendMetrics,
  clearUnfinished,
  createRun,
  loadCheckpoint,
  modelPath,
  type RunRecord,
  readMetrics,
  readRecord,
  refuseRun,
  saveCheckpoint,
  trimMetrics,
  writeIfOther,
} from './run-directory.ts';
import { checkpointVectors, createTrainer, type StepReport, type Trainer } from './trainer.ts';

export interface RunOptions {
  readonly directory: string;
  readonly dataset: Dataset;
  /** Default: as the run was started; `auto` for a new one. */
  readonly device?: Device | undefined;
  /** Steps between checkpoints. Default: as the run was started; 500 for a new one. */
  readonly saveEvery?: number | undefined;
  /** Steps between lines of the metrics. Default: as the run was started; 20 for a new one. */
  readonly logEvery?: number | undefined;
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
  readonly versions: Readonly<Record<string, string>>;
}

/** Where a run stands after a step. */
export interface Progress extends StepReport {
  readonly steps: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

export interface RunResult {
  readonly directory: string;
  /** Steps made, and asked for. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the last logged steps. */
  readonly loss: number | undefined;
  readonly imagesPerSecond: number | undefined;
  readonly finished: boolean;
}

/** Starts a run in a new directory. @throws UserError if one was started there. */
export async function startRun(options: NewRunOptions): Promise<RunResult> {
  const { directory, dataset, model, training, source, sourceOptions = {}, versions } = options;
  await refuseRun(directory);
  const { name, count, hash } = dataset;
  const record: RunRecord = {
    model,
    training,
    data: { source, options: sourceOptions, name, count, hash },
    device: options.device ?? 'auto',
    saveEvery: options.saveEvery ?? 500,
    logEvery: options.logEvery ?? 20,
    versions,
    started: new Date().toISOString(),
  };
  // The trainer is made first: a configuration that cannot work leaves no directory behind.
  const trainer = await createTrainer({
    model: createModel(model),
    dataset,
    config: training,
    device: record.device,
  });
  await createRun(directory, record).catch(async (error: unknown) => {
    await trainer.release();
    throw error;
  });
  return trainAndSave(trainer, record, options);
}

/**
 * Goes on with a run from its newest checkpoint, to the same bits as if it had never stopped. A
 * finished run is left as it is.
 */
export async function resumeRun(options: RunOptions): Promise<RunResult> {
  const { directory, dataset } = options;
  const found = await readRecord(directory);
  const { device = found.device, saveEvery = found.saveEvery, logEvery = found.logEvery } = options;
  const record = { ...found, device, saveEvery, logEvery };
  checkData(record, options);
  const model = createModel(record.model);
  const { training: config } = record;
  const checkpoint = await loadCheckpoint(directory, model.specs, checkpointVectors(config));
  await clearUnfinished(directory);
  await trimMetrics(directory, checkpoint?.step ?? 0);
  if (checkpoint && checkpoint.step >= config.steps) {
    return finishedRun(record, checkpoint, directory);
  }
  const start: { checkpoint?: Checkpoint } = checkpoint ? { checkpoint } : {};
  const trainer = await createTrainer({ model, dataset, config, device, ...start });
  return trainAndSave(trainer, record, { ...options, ...start });
}

function checkData({ data }: RunRecord, { directory, dataset }: RunOptions): void {
  if (data.hash === dataset.hash) return;
  throw new UserError(
    `${directory}: was trained on ${data.source} with hash ${data.hash.slice(0, 12)}…, the data now has ${dataset.hash.slice(0, 12)}…; restore it or start a new run`,
  );
}

async function finishedRun(
  record: RunRecord,
  checkpoint: Checkpoint,
  directory: string,
): Promise<RunResult> {
  // A process killed between the last checkpoint and the model leaves an older model.
  await saveModel(checkpoint, record, directory);
  const { step } = checkpoint;
  const loss = (await readMetrics(directory)).at(-1)?.loss;
  const { steps } = record.training;
  return { directory, step, steps, loss, imagesPerSecond: undefined, finished: true };
}

type Averages = ReturnType<Meter['take']>;

async function trainAndSave(
  trainer: Trainer,
  record: RunRecord,
  options: RunOptions & { readonly checkpoint?: Checkpoint },
): Promise<RunResult> {
  const { directory, checkpoint } = options;
  const { steps, batch } = record.training;
  const meter = startMeter(batch, checkpoint?.pending);
  let saved = checkpoint?.step;
  let last: Averages | undefined;
  const save = async () => {
    if (saved === trainer.step) return;
    await saveRun({ ...(await trainer.checkpoint()), pending: meter.pending() }, record, directory);
    saved = trainer.step;
  };
  try {
    while (trainer.step < steps && !options.signal?.aborted) {
      last = (await trainStep(trainer, meter, record, options)) ?? last;
      if (trainer.step % record.saveEvery === 0) await save();
      // The runtime blocks its thread: let signals and timers through between steps.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await save();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const kept = saved === undefined ? 'has no checkpoint yet' : `keeps that of step ${saved}`;
    throw new UserError(`${error.message} (${directory} ${kept})`, { cause: error });
  } finally {
    await trainer.release();
  }
  const { step } = trainer;
  const { loss, imagesPerSecond } = last ?? {};
  return { directory, step, steps, loss, imagesPerSecond, finished: step >= steps };
}

/** One step, reported; gives the averages where it was one to log. */
async function trainStep(
  trainer: Trainer,
  meter: Meter,
  record: RunRecord,
  { directory, onProgress }: RunOptions,
): Promise<Averages | undefined> {
  const { steps } = record.training;
  const report = await trainer.next();
  meter.add(report);
  onProgress?.(progressOf(report, steps, meter));
  const { step, learningRate } = report;
  if (step % record.logEvery !== 0 && step !== steps) return undefined;
  const averages = meter.take();
  await appendMetrics(directory, { step, learningRate, ...averages });
  return averages;
}

/** Saves the checkpoint, then the moving average as `model.onnx`. */
async function saveRun(checkpoint: Checkpoint, record: RunRecord, directory: string) {
  const { specs } = createModel(record.model);
  checkFinite(checkpoint);
  await saveCheckpoint(directory, checkpoint, specs);
  await saveModel(checkpoint, record, directory);
}

function saveModel({ vectors }: Checkpoint, record: RunRecord, directory: string): Promise<void> {
  return writeIfOther(modelPath(directory), exportDenoiser(record.model, vectors.average!));
}

/** The loss of a step says nothing of the update that follows it. */
function checkFinite({ step, vectors }: Checkpoint): void {
  for (const [name, values] of Object.entries(vectors)) {
    if (values.every(Number.isFinite)) continue;
    throw new UserError(
      `step ${step}: ${name} of the network are no longer finite, so it is not saved; try a smaller learning rate, a longer warm-up or --clip 1`,
    );
  }
}

function progressOf(report: StepReport, steps: number, meter: Meter): Progress {
  const { imagesPerSecond, secondsPerStep } = meter.rate();
  return { ...report, steps, imagesPerSecond, secondsLeft: (steps - report.step) * secondsPerStep };
}
