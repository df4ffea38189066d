import { UserError } from '../../errors.ts';
import type { FeatureNetwork } from '../../evaluate/index.ts';
import { findPreset } from '../../nn/index.ts';
import {
  bestModelPath,
  type Dataset,
  hasRun,
  modelPath,
  resumeRun,
  startRun,
  trainingSchema,
} from '../../train/index.ts';
import { frechetName, type References } from '../evaluation/distances.ts';
import { distanceEvaluator } from '../evaluation/training-distance.ts';
import { versions } from '../versions.ts';
import type { TrainTask } from './tasks.ts';

/** What the distance is measured with where it decides when to stop. */
export interface Comparison {
  readonly network: FeatureNetwork;
  readonly references: References;
}

/** Trains the model of a class as a run of its own, or goes on with it; the ONNX file to walk. */
export async function trainClass(
  { directory, sigma, training, source, sourceOptions }: TrainTask,
  dataset: Dataset,
  comparison: Comparison,
  onStep: (step: number) => void,
): Promise<string> {
  const { net, watch, ...rest } = training;
  const config = trainingSchema.parse({ ...rest, sigma });
  const metric = frechetName(comparison.network.name);
  const evaluators = watch
    ? [distanceEvaluator({ ...watch, ...comparison, seed: config.seed, threads: 1 })]
    : [];
  const common = {
    ...({ directory, dataset, threads: 1, device: 'cpu', evaluators } as const),
    ...(watch && { stopMetric: metric, patience: watch.patience }),
    onProgress: ({ step }: { readonly step: number }) => onStep(step),
  };
  const { shape } = dataset;
  const { view, measurements } = config;
  const { config: network } = findPreset(net);
  const model = { parametrization: 'gps', view, sigma, measurements, shape, network } as const;
  const result = (await hasRun(directory))
    ? await resumeRun(common)
    : await startRun({
        ...common,
        ...{ model, training: config, source, sourceOptions: { ...sourceOptions } },
        versions: versions(),
      });
  if (!result.finished) throw new UserError(`${directory}: stopped after step ${result.step}`);
  return watch ? bestModelPath(directory) : modelPath(directory);
}
