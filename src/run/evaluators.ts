import { join } from 'node:path';
import type { BayesEstimator } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import type { ConditionalFamily } from '../model/index.ts';
import type { Better } from './early-stopping.ts';
import { type EvaluationLine, reservedNames } from './metrics-file.ts';
import type { TensorBoardImage } from './tensorboard.ts';

/** Something that is measured or drawn now and then while a model is trained. */
export interface Evaluator {
  /** Names its pictures: the file `<name>/step-<step>.png`, and in TensorBoard. */
  readonly name: string;
  /** Steps from one evaluation to the next. The last step of a run is evaluated too. */
  readonly every: number;
  /**
   * Numbers that decide what it finds, beside the seed: recorded, to be the same in a resumed run.
   */
  readonly settings?: Readonly<Record<string, number | string>>;
  /** What it reports, and whether lower or higher is better. */
  readonly metrics: Readonly<Record<string, Better>>;
  evaluate(context: EvaluationContext): Promise<Findings>;
}

export interface EvaluationContext {
  readonly step: number;
  /** The moving average as it is at this step; of use until the evaluation ends. */
  readonly denoiser: BayesEstimator &
    Partial<Pick<ConditionalFamily, 'levels' | 'condition' | 'at'>>;
  /**
   * Aborted when the run is to stop: throw its reason, and a resumed run evaluates this step again.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What an evaluation found. */
export interface Findings {
  /** By name. Numbers that are not finite in single precision are left out of everything. */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly picture?: TensorBoardImage;
}

/**
 * Lists everything that the evaluators report.
 * @throws UserError if two of them, or one and the training, use the same name, or one cannot name
 * a folder.
 */
export function reportedMetrics(evaluators: readonly Evaluator[]): Record<string, Better> {
  const metrics: Record<string, Better> = {};
  const taken = new Set(reservedNames);
  for (const { name, metrics: own } of evaluators) {
    if (!/^[\w-]+$/.test(name)) {
      throw new UserError(
        `evaluators: the name "${name}" cannot be that of a folder; use letters, digits, _ and -`,
        { facts: { option: 'evaluators', name } },
      );
    }
    for (const used of [name, ...Object.keys(own)]) {
      if (taken.has(used)) {
        throw new UserError(`evaluators: the name "${used}" is taken; choose another`, {
          facts: { option: 'evaluators', name: used },
        });
      }
      taken.add(used);
    }
    Object.assign(metrics, own);
  }
  return metrics;
}

/** Tells whether an evaluator has work at a step of a run of `steps`. */
export const isDue = ({ every }: Pick<Evaluator, 'every'>, step: number, steps: number) =>
  step > 0 && (step % every === 0 || step === steps);

/** Counts the evaluations of a run that lie ahead of a step. */
export function dueAfter({ every }: Pick<Evaluator, 'every'>, step: number, steps: number): number {
  return step < steps ? Math.ceil(steps / every) - Math.floor(step / every) : 0;
}

/** Findings of all evaluators that are due at a step, with their pictures by name. */
export interface StepFindings {
  readonly metrics: Readonly<Record<string, number>>;
  readonly pictures: Readonly<Record<string, TensorBoardImage>>;
}

/** Asks evaluators one after another. */
export async function evaluateAll(
  evaluators: readonly Evaluator[],
  context: EvaluationContext,
): Promise<StepFindings> {
  const metrics: Record<string, number> = {};
  const pictures: Record<string, TensorBoardImage> = {};
  for (const { name, evaluate } of evaluators) {
    context.signal?.throwIfAborted();
    const found = await evaluate(context);
    for (const [metric, value] of Object.entries(found.metrics ?? {})) {
      if (Number.isFinite(Math.fround(value))) metrics[metric] = value;
    }
    if (found.picture) pictures[name] = found.picture;
  }
  return { metrics, pictures };
}

/** Writes the pictures of a step, and gives the line of the metrics. */
export async function savePictures(
  directory: string,
  step: number,
  { metrics, pictures }: StepFindings,
): Promise<EvaluationLine> {
  const paths: Record<string, string> = {};
  for (const [name, { png }] of Object.entries(pictures)) {
    paths[name] = `${name}/step-${String(step).padStart(8, '0')}.png`;
    await writeBytes(join(directory, paths[name]), png);
  }
  return { step, metrics, pictures: paths };
}
