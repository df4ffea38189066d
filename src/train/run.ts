import { UserError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import type { Device } from '../graph/index.ts';
import { createModel, exportDenoiser, type ModelConfig } from '../model/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainingConfig } from './config.ts';
import type { Dataset } from './dataset.ts';
import { type Meter, startMeter } from './meter.ts';
import {
  appendMetrics,
  createRun,
  hasRun,
  loadCheckpoint,
  modelPath,
  type RunRecord,
  readRecord,
  saveCheckpoint,
  trimMetrics,
} from './run-directory.ts';
import { createTrainer, type StepReport, type Trainer, vectorNames } from './trainer.ts';

export interface RunOptions {
  readonly directory: string;
  readonly dataset: Dataset;
  readonly device?: Device;
  /** Steps between checkpoints. Default 500. */
  readonly saveEvery?: number;
  /** Steps between lines of the metrics. Default 20. */
  readonly logEvery?: number;
  /** Aborting it ends the run after the step in hand, saved. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface NewRunOptions extends RunOptions {
  readonly model: ModelConfig;
  readonly training: TrainingConfig;
  /** What the data was asked for by: a set's name or a path. */
  readonly source: string;
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
  const { directory, dataset, model, training, source, versions } = options;
  if (await hasRun(directory)) {
    throw new UserError(
      `${directory}: already holds a run; add --resume to go on with it, or choose another --out`,
    );
  }
  const { name, count, hash } = dataset;
  const record: RunRecord = {
    model,
    training,
    data: { source, name, count, hash },
    versions,
    started: new Date().toISOString(),
  };
  // The trainer is made first: a configuration that cannot work leaves no directory behind.
  const trainer = await createTrainer({ ...options, model: createModel(model), config: training });
  await createRun(directory, record);
  return trainAndSave(trainer, record, options);
}

/** Goes on with a run from its newest checkpoint, to the same bits as if it had never stopped. */
export async function resumeRun(options: RunOptions): Promise<RunResult> {
  const { directory, dataset } = options;
  const record = await readRecord(directory);
  if (record.data.hash !== dataset.hash) {
    throw new UserError(
      `${directory}: was trained on ${record.data.source} with hash ${record.data.hash.slice(0, 12)}…, the data now has ${dataset.hash.slice(0, 12)}…; restore it or start a new run`,
    );
  }
  const model = createModel(record.model);
  const { training: config } = record;
  const checkpoint = await loadCheckpoint(directory, model.specs, vectorNames(config));
  await trimMetrics(directory, checkpoint?.step ?? 0);
  const start: { checkpoint?: Checkpoint } = checkpoint ? { checkpoint } : {};
  return trainAndSave(
    await createTrainer({ ...options, ...start, model, config }),
    record,
    options,
  );
}

async function trainAndSave(
  trainer: Trainer,
  record: RunRecord,
  options: RunOptions,
): Promise<RunResult> {
  const { directory, signal, saveEvery = 500, logEvery = 20, onProgress } = options;
  const { steps, batch } = record.training;
  const meter = startMeter(batch);
  let saved = trainer.step;
  let last: ReturnType<Meter['take']> | undefined;
  const save = async () => {
    if (saved === trainer.step && trainer.step < steps) return;
    await saveRun(trainer, record, directory);
    saved = trainer.step;
  };
  try {
    while (trainer.step < steps && !signal?.aborted) {
      const report = await trainer.next();
      meter.add(report);
      onProgress?.(progressOf(report, steps, meter));
      if (report.step % logEvery === 0 || report.step === steps) {
        last = meter.take();
        const { step, learningRate } = report;
        await appendMetrics(directory, { step, learningRate, ...last });
      }
      if (report.step % saveEvery === 0) await save();
      // The runtime blocks its thread: let signals and timers through between steps.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await save();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message} (${directory} keeps the checkpoint of step ${saved})`, {
      cause: error,
    });
  } finally {
    await trainer.release();
  }
  return {
    directory,
    step: trainer.step,
    steps,
    loss: last?.loss,
    imagesPerSecond: last?.imagesPerSecond,
    finished: trainer.step >= steps,
  };
}

/** Saves the checkpoint, then the moving average as `model.onnx`. */
async function saveRun(trainer: Trainer, record: RunRecord, directory: string): Promise<void> {
  const checkpoint = await trainer.checkpoint();
  await saveCheckpoint(directory, checkpoint, createModel(record.model).specs);
  await writeBytes(modelPath(directory), exportDenoiser(record.model, checkpoint.vectors.average!));
}

function progressOf(report: StepReport, steps: number, meter: Meter): Progress {
  const { imagesPerSecond, secondsPerStep } = meter.rate();
  return { ...report, steps, imagesPerSecond, secondsLeft: (steps - report.step) * secondsPerStep };
}
