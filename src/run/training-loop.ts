import { DivergedError, reworded, UserError } from '../errors.ts';
import { writeIfOther } from '../files.ts';
import { createModel, exportDenoiser } from '../model/index.ts';
import { pause } from '../pause.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { type Meter, startMeter } from '../train/meter.ts';
import type { StepReport, Trainer } from '../train/trainer.ts';
import type { Best } from './early-stopping.ts';
import { type Evaluations, type EvaluationsOptions, openEvaluations } from './evaluations.ts';
import { appendMetrics } from './metrics-file.ts';
import {
  bestModelPath,
  modelPath,
  type RunRecord,
  saveBest,
  saveCheckpoint,
} from './run-directory.ts';
import { saveSnapshot } from './snapshots.ts';
import { type EventWriter, openEvents } from './tensorboard.ts';

/** Where a run stands after a step. */
export interface Progress extends StepReport {
  readonly steps: number;
  readonly imagesPerSecond: number;
  /** Until the last step, its evaluations included. */
  readonly secondsLeft: number;
  /** Whether this step is being evaluated now. */
  readonly evaluating: boolean;
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
  /** Whether the run ended before its last step, because its metric had stopped improving. */
  readonly stoppedEarly: boolean;
  /** The best evaluation, where a metric is watched: the model in `best.onnx`. */
  readonly best: Best | undefined;
}

export interface LoopOptions extends Omit<EvaluationsOptions, 'steps'> {
  readonly record: RunRecord;
  /** Where the run goes on from. */
  readonly checkpoint?: Checkpoint | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

type Averages = ReturnType<Meter['take']>;

interface Loop extends LoopOptions {
  readonly trainer: Trainer;
  readonly meter: Meter;
  readonly events: EventWriter;
  readonly evaluations: Evaluations;
}

/** Trains to the end, or to where the signal or the rule says stop, and saves. */
export async function trainAndSave(trainer: Trainer, options: LoopOptions): Promise<RunResult> {
  const { directory, record, checkpoint } = options;
  const meter = startMeter(record.training.batch, checkpoint?.pending);
  const events = await openEvents(directory, checkpoint?.step ?? 0);
  const evaluations = await openRunEvaluations(options, events);
  try {
    return await runLoop({ ...options, trainer, meter, events, evaluations });
  } finally {
    await evaluations.release();
  }
}

function openRunEvaluations(options: LoopOptions, events: EventWriter): Promise<Evaluations> {
  const { directory, record } = options;
  const { steps, batch, microBatches } = record.training;
  const model = createModel(record.model);
  return openEvaluations({
    ...options,
    steps,
    model,
    events,
    device: record.device,
    rows: batch / microBatches,
    saveBest: async (best) => {
      checkFinite(best);
      await saveBest(directory, best, model.specs);
      await saveModel(bestModelPath(directory), best, record);
    },
  });
}

async function runLoop(loop: Loop): Promise<RunResult> {
  const { directory, record, trainer, meter, evaluations, signal } = loop;
  const { steps } = record.training;
  const { specs } = createModel(record.model);
  let saved = loop.checkpoint?.step;
  let last: Averages | undefined;
  const snapshot = async () => ({ ...(await trainer.checkpoint()), pending: meter.pending() });
  const save = async () => {
    if (saved === trainer.step) return;
    await saveRun(await snapshot(), record, directory);
    saved = trainer.step;
  };
  const evaluate = async () => {
    if (signal?.aborted || !evaluations.status().pending(trainer.step)) return;
    const start = performance.now();
    await evaluations.run(await snapshot());
    meter.skip(performance.now() - start);
  };
  const isOver = () => trainer.step >= steps || evaluations.status().stop === true;
  try {
    await evaluate();
    while (!isOver() && !signal?.aborted) {
      last = (await trainSteps(loop)) ?? last;
      // Before saving: a checkpoint stands for a step that has been evaluated.
      await evaluate();
      if (isSnapshot(record, trainer.step)) {
        await saveSnapshot(directory, await trainer.checkpoint(), specs);
      }
      if (trainer.step % record.saveEvery === 0) await save();
      // The runtime blocks its thread: let signals and timers through between steps.
      await pause();
    }
    await save();
  } catch (error) {
    throw withSaved(error, directory, saved);
  }
  return resultOf(loop, { last, over: isOver() });
}

function resultOf(
  { directory, record, trainer, evaluations }: Loop,
  { last, over }: { readonly last: Averages | undefined; readonly over: boolean },
): RunResult {
  const { step } = trainer;
  const { steps } = record.training;
  const { best, pending } = evaluations.status();
  const finished = over && !pending(step);
  const { loss, imagesPerSecond } = last ?? {};
  const stoppedEarly = finished && step < steps;
  return { directory, step, steps, loss, imagesPerSecond, finished, stoppedEarly, best };
}

function withSaved(error: unknown, directory: string, saved: number | undefined): unknown {
  if (!(error instanceof UserError)) return error;
  const kept =
    saved === undefined
      ? `${directory} has no checkpoint yet; remove it to start again`
      : `${directory} keeps that of step ${saved}`;
  return reworded(error, `${error.message} (${kept})`);
}

/**
 * Steps up to the next that is logged, evaluated or saved; gives the averages where one is logged.
 */
async function trainSteps(loop: Loop): Promise<Averages | undefined> {
  const { directory, record, trainer, meter, events } = loop;
  const { steps } = record.training;
  const reports = await trainer.advance(untilStop(loop), loop.signal);
  if (reports.length === 0) return undefined;
  meter.add(reports);
  const report = reports.at(-1)!;
  reportProgress(loop, report);
  const { step, learningRate } = report;
  if (step % record.logEvery !== 0 && step !== steps) return undefined;
  const averages = meter.take();
  await appendMetrics(directory, { step, learningRate, ...averages });
  await events.write({ step, scalars: { learningRate, ...averages } });
  return averages;
}

/** Most steps looked ahead. */
const AHEAD = 100;

/** Steps from here to the next at which something else is to be done. */
function untilStop({ record, trainer, evaluations }: Loop): number {
  const { training, logEvery, saveEvery } = record;
  const status = evaluations.status();
  for (let count = 1; count < AHEAD; count++) {
    const step = trainer.step + count;
    const stops = step % logEvery === 0 || step % saveEvery === 0 || step >= training.steps;
    if (stops || isSnapshot(record, step) || status.pending(step)) return count;
  }
  return AHEAD;
}

/** Whether the averages of a step are kept for later: now and then, and at the end. */
function isSnapshot({ training: { snapshotEvery, steps } }: RunRecord, step: number): boolean {
  return snapshotEvery > 0 && (step % snapshotEvery === 0 || step === steps);
}

function reportProgress({ onProgress, record, meter, evaluations }: Loop, report: StepReport) {
  const { steps } = record.training;
  const { step } = report;
  const { imagesPerSecond, secondsPerStep } = meter.rate();
  const secondsLeft = (steps - step) * secondsPerStep + evaluations.secondsLeft(step);
  const evaluating = evaluations.status().pending(step);
  onProgress?.({ ...report, steps, imagesPerSecond, secondsLeft, evaluating });
}

/** Saves the checkpoint, then the moving average as `model.onnx`. */
async function saveRun(checkpoint: Checkpoint, record: RunRecord, directory: string) {
  const { specs } = createModel(record.model);
  checkFinite(checkpoint);
  await saveCheckpoint(directory, checkpoint, specs);
  await saveModel(modelPath(directory), checkpoint, record);
}

/** Writes a checkpoint's moving average as an ONNX file, where it is not that already. */
export function saveModel(path: string, { vectors }: Checkpoint, record: RunRecord): Promise<void> {
  return writeIfOther(path, exportDenoiser(record.model, vectors.average!));
}

/** The loss of a step says nothing of the update that follows it. */
function checkFinite({ step, vectors }: Checkpoint): void {
  for (const [name, values] of Object.entries(vectors)) {
    if (values.every(Number.isFinite)) continue;
    throw new DivergedError(
      `step ${step}: ${name} of the network are no longer finite, so it is not saved; try a smaller learning rate, a longer warm-up or clipped gradients`,
      { step },
    );
  }
}
