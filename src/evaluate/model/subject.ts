/** What is evaluated: samples that are drawn from a model, or those of a file. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../../data/index.ts';
import { effectiveNoise } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { readBytes } from '../../files.ts';
import type { DenoiserFile } from '../../model/index.ts';
import type { Work } from '../../progress.ts';
import { fetchModel, findModel, loadModel } from '../../run/model-file.ts';
import { conditionOfChains, measurementsToWalk } from '../../run/walked-member.ts';
import { CHAIN_DRAWS } from '../image-chains.ts';
import {
  checkData,
  checkSamples,
  type Measured,
  type MetricName,
  metricNames,
} from '../measure.ts';
import type { SampledFeatures, SamplingOptions } from '../sampled-features.ts';
import type { OpenedFeatures } from './features.ts';
import { evaluatedWalk, type ModelEvaluationOptions } from './options.ts';
import { readSamples } from './sample-file.ts';
import { drawSamples } from './sampling.ts';

export interface Subject {
  readonly measured: Measured & Partial<Pick<SampledFeatures, 'frames' | 'seconds' | 'acceptance'>>;
  readonly metrics: readonly MetricName[];
  /** How it was walked; absent for samples of a file. */
  readonly walk?: SamplingOptions['walk'];
  /** File of the samples, of no use once results are written. */
  readonly progress?: string;
}

export interface SubjectSetting {
  readonly dataset: Dataset;
  readonly network: OpenedFeatures;
  /** Where progress is kept. */
  readonly folder: string;
}

/**
 * Draws or reads samples with their features, and what they allow to be measured.
 * @throws UserError for a model or a file of other images than the data's, or too few samples.
 */
export async function sampleSubject(
  options: ModelEvaluationOptions,
  setting: SubjectSetting,
  work: Work,
): Promise<Subject> {
  const { dataset, network } = setting;
  const { chains, draws, samples: file } = options;
  if (file !== undefined) {
    const measured = await readSamples(file, dataset, network, work);
    const [chains, draws] = measured.features.shape;
    const metrics = metricsFor(options.metrics, draws);
    checkSamples(metrics, { chains, draws }, network, file);
    checkData(metrics, dataset, network);
    return { measured, metrics };
  }
  const metrics = metricsFor(options.metrics, draws);
  checkSamples(metrics, { chains, draws }, network);
  return { metrics, ...(await drawFromModel(options, metrics, setting, work)) };
}

/** Lists those that were asked for; otherwise all that so many draws of a chain allow. */
export function metricsFor(asked: readonly MetricName[] | undefined, draws: number): MetricName[] {
  if (asked !== undefined) return [...new Set(asked)];
  return metricNames.filter((name) => name !== 'chains' || draws >= CHAIN_DRAWS);
}

async function drawFromModel(
  options: ModelEvaluationOptions,
  metrics: readonly MetricName[],
  { dataset, network, folder }: SubjectSetting,
  work: Work,
) {
  const { draws, device = 'cpu', sigma, chains } = options;
  await fetchModel(options.model!, work);
  const opening = {
    device,
    precision: options.precision,
    lowest: options.effectiveSigma,
    condition: conditionOfChains(options.class, chains),
    ...(sigma !== undefined && { sigma: effectiveNoise(sigma, options.measurements ?? 1) }),
  };
  const denoiser = await loadModel(options.model!, opening, work);
  try {
    checkShape(denoiser, dataset);
    checkData(metrics, dataset, network);
    const walk = walkOf(options, denoiser);
    const hash = createHash('sha256')
      .update(await readBytes(findModel(options.model!)))
      .digest('hex');
    const told = [
      ...(sigma === undefined ? [] : [`σ ${sigma}`]),
      ...(options.class === undefined ? [] : [`class ${options.class.join()}`]),
    ];
    const identity = [hash, network.id, ...told];
    const drawing = { denoiser, network, draws, folder, identity, walk };
    const { sampled, progress } = await drawSamples(drawing, work);
    return { measured: sampled, walk, progress };
  } finally {
    await denoiser.release();
  }
}

function walkOf(options: ModelEvaluationOptions, denoiser: DenoiserFile): SamplingOptions['walk'] {
  const { kernel = denoiser.rate === undefined ? 'sachs' : 'tau-leap' } = options;
  if (kernel === 'birth-death') {
    throw new UserError(
      'kernel birth-death: calls the estimator once for every event, so a step has no price that could be compared; take tau-leap',
      { code: 'unsupported', facts: { option: 'kernel', value: kernel } },
    );
  }
  return { ...evaluatedWalk(options, measurementsToWalk(denoiser, options)), kernel };
}

function checkShape({ shape }: DenoiserFile, { name, shape: wanted }: Dataset): void {
  if (shape.join() === wanted.join()) return;
  throw new UserError(
    `data ${name}: has images [${wanted.join(', ')}], the model makes [${shape.join(', ')}]; give the data it was trained on`,
    { code: 'mismatch', facts: { option: 'data', value: name, shape: wanted, wanted: shape } },
  );
}
