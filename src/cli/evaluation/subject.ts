/** What is evaluated: samples that are drawn from a model, or those of a file. */
import { createHash } from 'node:crypto';
import { effectiveNoise } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { CHAIN_DRAWS, type SampledFeatures, type SamplingOptions } from '../../evaluate/index.ts';
import { readBytes } from '../../files.ts';
import type { DenoiserFile } from '../../model/index.ts';
import type { Dataset } from '../../train/index.ts';
import type { EvaluateOptions } from '../evaluate-options.ts';
import { findModel, loadModel } from '../model-file.ts';
import type { Output } from '../output.ts';
import {
  checkData,
  checkSamples,
  type Measured,
  type MetricName,
  metricNames,
} from './evaluation.ts';
import type { OpenedFeatures } from './feature-networks.ts';
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
 * Samples with their features, and what they allow to be measured.
 * @throws UserError for a model or a file of other images than the data's, or too few samples.
 */
export async function sampleSubject(
  options: EvaluateOptions,
  asked: readonly MetricName[] | undefined,
  setting: SubjectSetting,
  output: Output,
): Promise<Subject> {
  const { dataset, network } = setting;
  const { chains, draws, samples: file } = options;
  if (file !== undefined) {
    const measured = await readSamples(file, dataset, network, output);
    const [chains, draws] = measured.features.shape;
    const metrics = metricsFor(asked, draws);
    checkSamples(metrics, { chains, draws }, network, file);
    checkData(metrics, dataset, network);
    return { measured, metrics };
  }
  const metrics = metricsFor(asked, draws);
  checkSamples(metrics, { chains, draws }, network);
  return { metrics, ...(await drawFromModel(options, metrics, setting, output)) };
}

/** Those that were asked for; otherwise all that so many draws of a chain allow. */
export function metricsFor(asked: readonly MetricName[] | undefined, draws: number): MetricName[] {
  if (asked !== undefined) return [...new Set(asked)];
  return metricNames.filter((name) => name !== 'chains' || draws >= CHAIN_DRAWS);
}

async function drawFromModel(
  options: EvaluateOptions,
  metrics: readonly MetricName[],
  { dataset, network, folder }: SubjectSetting,
  output: Output,
) {
  const { draws, device, sigma } = options;
  const path = findModel(options.model!);
  const denoiser = await loadModel(options.model!, {
    device,
    ...(sigma !== undefined && { sigma: effectiveNoise(sigma, options.measurements ?? 1) }),
  });
  try {
    checkShape(denoiser, dataset);
    checkData(metrics, dataset, network);
    const walk = walkOf(options, denoiser);
    const hash = createHash('sha256')
      .update(await readBytes(path))
      .digest('hex');
    const identity = [hash, network.id, ...(sigma === undefined ? [] : [`σ ${sigma}`])];
    const drawing = { denoiser, network, draws, folder, identity, walk };
    const { sampled, progress } = await drawSamples(drawing, output);
    return { measured: sampled, walk, progress };
  } finally {
    await denoiser.release();
  }
}

function walkOf(options: EvaluateOptions, { config, rate }: DenoiserFile): SamplingOptions['walk'] {
  const { kernel = rate === undefined ? 'sachs' : 'tau-leap' } = options;
  if (kernel === 'birth-death') {
    throw new UserError(
      '--kernel birth-death: calls the estimator once for every event, so a step has no price that could be compared; take tau-leap',
    );
  }
  const { stepSize, friction, chains, jumpEvery, burnIn, seed } = options;
  const measurements = options.measurements ?? config?.measurements ?? 1;
  return { measurements, kernel, stepSize, friction, chains, jumpEvery, burnIn, seed };
}

function checkShape({ shape }: DenoiserFile, { name, shape: wanted }: Dataset): void {
  if (shape.join() === wanted.join()) return;
  throw new UserError(
    `--data: ${name} has images [${wanted.join(', ')}], the model makes [${shape.join(', ')}]; give the data it was trained on`,
  );
}
