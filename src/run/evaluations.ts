import type { Device } from '../graph/index.ts';
import type { DenoiserModel } from '../model/index.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { compileDenoiser } from '../train/validation.ts';
import { type Standing, type StoppingRule, standing } from './early-stopping.ts';
import {
  dueAfter,
  type Evaluator,
  evaluateAll,
  isDue,
  type StepFindings,
  savePictures,
} from './evaluators.ts';
import { appendEvaluation, type EvaluationLine, readEvaluations } from './metrics-file.ts';
import type { EventWriter } from './tensorboard.ts';

export interface EvaluationsOptions {
  readonly directory: string;
  readonly evaluators: readonly Evaluator[];
  readonly rule: StoppingRule | undefined;
  /** Steps of the run. */
  readonly steps: number;
}

export interface OpenOptions extends EvaluationsOptions {
  readonly model: DenoiserModel;
  readonly device: Device;
  /** Examples denoised at a time: as many as the training step takes, which are known to fit. */
  readonly rows: number;
  readonly events: EventWriter;
  readonly saveBest: (checkpoint: Checkpoint) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Where a run's evaluations stand, by the lines of its metrics. */
export interface EvaluationStatus extends Partial<Standing> {
  /** Whether this step is still to be evaluated. */
  pending(step: number): boolean;
}

/** The evaluations of a run while it trains. */
export interface Evaluations {
  status(): EvaluationStatus;
  /** Evaluates a step, unless the signal says to stop: then the step stays pending. */
  run(checkpoint: Checkpoint): Promise<void>;
  /** Time that the evaluations after a step will take, in seconds, by those seen so far. */
  secondsLeft(step: number): number;
  release(): Promise<void>;
}

/** Reads where the evaluations of a run stand. */
export async function readStatus(options: EvaluationsOptions): Promise<EvaluationStatus> {
  return statusOf(await readEvaluations(options.directory), options);
}

function statusOf(
  lines: readonly EvaluationLine[],
  { evaluators, rule, steps }: EvaluationsOptions,
): EvaluationStatus {
  return {
    ...(rule && standing(lines, rule)),
    pending: (step) =>
      evaluators.some((evaluator) => isDue(evaluator, step, steps)) &&
      lines.every((line) => line.step !== step),
  };
}

/** Compiles the denoiser that the evaluators get, where there are any. */
export async function openEvaluations(options: OpenOptions): Promise<Evaluations> {
  const { directory, evaluators, steps, model, rows, device, events, saveBest, signal } = options;
  const lines = await readEvaluations(directory);
  const live = evaluators.length > 0 ? await compileDenoiser({ model, rows, device }) : undefined;
  const clocks = evaluators.map(timed);

  const keep = async (checkpoint: Checkpoint, found: StepFindings) => {
    const { step } = checkpoint;
    const line = await savePictures(directory, step, found);
    lines.push(line);
    // The line comes last: a step without one is evaluated again.
    if (statusOf(lines, options).best?.step === step) await saveBest(checkpoint);
    await appendEvaluation(directory, line);
    await events.write({ step, scalars: found.metrics, images: found.pictures });
  };
  return {
    status: () => statusOf(lines, options),
    run: async (checkpoint) => {
      const { step, vectors } = checkpoint;
      const due = clocks.filter(({ evaluator }) => isDue(evaluator, step, steps));
      live!.load(vectors.average!);
      let found: StepFindings;
      try {
        const context = { step, denoiser: live!, signal };
        found = await evaluateAll(
          due.map(({ evaluator }) => evaluator),
          context,
        );
      } catch (error) {
        if (signal?.aborted) return;
        throw error;
      }
      await keep(checkpoint, found);
    },
    secondsLeft: (step) =>
      clocks.reduce(
        (sum, { evaluator, seconds }) => sum + dueAfter(evaluator, step, steps) * seconds(),
        0,
      ),
    release: async () => live?.release(),
  };
}

/** An evaluator with the mean duration of its evaluations; 0 before the first. */
function timed(evaluator: Evaluator) {
  let [count, total] = [0, 0];
  const evaluate: Evaluator['evaluate'] = async (context) => {
    const start = performance.now();
    const found = await evaluator.evaluate(context);
    count += 1;
    total += performance.now() - start;
    return found;
  };
  return {
    evaluator: { ...evaluator, evaluate },
    seconds: () => total / 1000 / Math.max(1, count),
  };
}
