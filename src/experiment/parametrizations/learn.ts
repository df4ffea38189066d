import { join } from 'node:path';
import { type Dataset, holdOut, pick } from '../../data/index.ts';
import { DivergedError, UserError } from '../../errors.ts';
import { estimatorLoss } from '../../evaluate/index.ts';
import { type Evaluator, hasRun, modelPath, resumeRun, startRun } from '../../run/index.ts';
import { versions } from '../../run/versions.ts';
import { trainingSchema } from '../../train/index.ts';
import { type ComparisonProtocol, modelOf } from './protocol.ts';
import type { DataTask, EntryTask } from './tasks.ts';

/** Names the folder of the run of a row. */
export const runFolder = ({ folder, entry }: Pick<EntryTask, 'folder' | 'entry'>) =>
  join(folder, 'runs', entry.name);

/** Names its ONNX file. */
export const modelFile = (task: Pick<EntryTask, 'folder' | 'entry'>) => modelPath(runFolder(task));

/** Picks the examples that no row is trained on, the same for all. */
export function heldOutOf(
  dataset: Dataset,
  { heldOut: validation, seed }: ComparisonProtocol,
): Dataset {
  return holdOut(dataset, { validation, seed }).heldOut!;
}

/** Held-out examples of a point of the curve, and points of it. */
const [CURVE_EXAMPLES, CURVE_POINTS] = [256, 20];

/** The metric of the curve: the loss of x̂, which all rows have. */
export const CURVE_METRIC = 'estimatorLoss';

function curveEvaluator(dataset: Dataset, protocol: ComparisonProtocol): Evaluator {
  const { measurements, seed, training } = protocol;
  const heldOut = heldOutOf(dataset, protocol);
  const count = Math.min(CURVE_EXAMPLES, heldOut.count);
  const shown = pick(
    heldOut,
    Array.from({ length: count }, (_, i) => i),
  );
  return {
    name: 'estimator',
    every: Math.max(1, Math.floor(training.steps / CURVE_POINTS)),
    metrics: { [CURVE_METRIC]: 'lower' },
    evaluate: async ({ denoiser, signal }) => {
      const batch = training.batch;
      const { mean } = await estimatorLoss(denoiser, shown, { measurements, seed, batch, signal });
      return { metrics: { [CURVE_METRIC]: mean } };
    },
  };
}

/**
 * Trains a row as a run of its own, or goes on with it.
 * @returns why there is no model, where the training diverged: a finding, not a failure.
 */
export async function learn(
  task: DataTask,
  dataset: Dataset,
  onStep: (step: number) => void,
): Promise<{ readonly error?: string }> {
  const { entry, protocol, source, sourceOptions } = task;
  const { seed, heldOut: validation } = protocol;
  const config = trainingSchema.parse({ ...protocol.training, seed, validation });
  const directory = runFolder(task);
  const common = {
    directory,
    dataset,
    threads: 1,
    device: 'cpu' as const,
    evaluators: [curveEvaluator(dataset, protocol)],
    validateEvery: config.steps,
    saveEvery: Math.max(1, Math.min(200, Math.ceil(config.steps / 10))),
    onProgress: ({ step }: { readonly step: number }) => onStep(step),
  };
  try {
    const result = (await hasRun(directory))
      ? await resumeRun(common)
      : await startRun({
          ...common,
          source,
          sourceOptions: { ...sourceOptions },
          versions: versions(),
          model: modelOf(entry, protocol),
          training: config,
        });
    if (result.finished) return {};
    throw new UserError(`${directory}: stopped after step ${result.step}`, {
      code: 'stopped',
      facts: { path: directory, step: result.step },
    });
  } catch (error) {
    if (error instanceof DivergedError) return { error: error.message };
    throw error;
  }
}
