import type { Dataset } from '../../data/index.ts';
import type { Denoiser, DenoiserFamily } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { frechetName, type References } from '../../evaluate/distances.ts';
import type { FeatureNetwork } from '../../evaluate/index.ts';
import { distanceEvaluator } from '../../evaluate/model/training-distance.ts';
import type { DenoiserFile, ModelConfig } from '../../model/index.ts';
import { findPreset } from '../../nn/index.ts';
import { bestModelPath, hasRun, modelPath, resumeRun, startRun } from '../../run/index.ts';
import { versions } from '../../run/versions.ts';
import { trainingSchema } from '../../train/index.ts';
import type { PaperACell } from './protocol.ts';
import type { TrainTask } from './tasks.ts';

/** What the distance is measured with where it decides when to stop. */
export interface Comparison {
  readonly network: FeatureNetwork;
  readonly references: References;
}

/** Configures the model of a class. */
export function modelOfClass(net: string, sigma: number, shape: readonly number[]): ModelConfig {
  const { config: network } = findPreset(net);
  const noise = { type: 'gaussian', sigma, measurements: 1 } as const;
  return { parametrization: 'gps', view: 'denoised', noise, shape, network };
}

/**
 * Gives the denoiser of a class: a family's at that level.
 *
 * @throws UserError for a model of counts, which have no class.
 */
export function atClass(model: DenoiserFile, sigma: number): Denoiser {
  if (model.rate === undefined) return model.at(sigma);
  throw new UserError('model: takes counts, which have no class σ̃; give a model of Gaussian noise');
}

/**
 * Gives what a cell walks: the denoiser of its class, or the family that has it.
 *
 * @throws UserError for a model of counts.
 */
export function walkedModel(
  model: DenoiserFile,
  { stage, sigma }: Pick<PaperACell, 'stage' | 'sigma'>,
): Denoiser | DenoiserFamily {
  return stage === 'sequential' && model.rate === undefined ? model : atClass(model, sigma);
}

/** Trains the model of a class as a run of its own, or goes on with it; the ONNX file to walk. */
export async function trainClass(
  { directory, sigma, training, source, sourceOptions }: TrainTask,
  dataset: Dataset,
  comparison: Comparison,
  onStep: (step: number) => void,
): Promise<string> {
  const { net, watch, ...rest } = training;
  const config = trainingSchema.parse(rest);
  const metric = frechetName(comparison.network.name);
  const evaluators = watch
    ? [distanceEvaluator({ ...watch, ...comparison, seed: config.seed, threads: 1 })]
    : [];
  const common = {
    directory,
    dataset,
    threads: 1,
    device: 'cpu' as const,
    evaluators,
    ...(watch && { stopMetric: metric, patience: watch.patience }),
    onProgress: ({ step }: { readonly step: number }) => onStep(step),
  };
  const model = modelOfClass(net, sigma, dataset.shape);
  const result = (await hasRun(directory))
    ? await resumeRun(common)
    : await startRun({
        ...common,
        model,
        training: config,
        source,
        sourceOptions: { ...sourceOptions },
        versions: versions(),
      });
  if (!result.finished)
    throw new UserError(`${directory}: stopped after step ${result.step}`, {
      code: 'stopped',
      facts: { path: directory, step: result.step },
    });
  return watch ? bestModelPath(directory) : modelPath(directory);
}
