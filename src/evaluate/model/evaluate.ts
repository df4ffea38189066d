import { rm } from 'node:fs/promises';
import type { Dataset } from '../../data/index.ts';
import { checkFolder } from '../../files.ts';
import type { Work } from '../../progress.ts';
import { folderOfModel, hasRun, readRecord, versions } from '../../run/index.ts';
import { createReferences, type References } from '../distances.ts';
import { type Findings, measure } from '../measure.ts';
import { chooseFeatures, type OpenedFeatures, openFeatures } from './features.ts';
import { evaluationFolder, saveEvaluation } from './files.ts';
import { fetchInception } from './inception-file.ts';
import type { ModelEvaluationOptions } from './options.ts';
import { loadReference, referenceFeatures } from './reference.ts';
import { type Subject, sampleSubject } from './subject.ts';

/** What an evaluation found, as `evaluation.json` holds it, and the files that it wrote. */
export interface ModelEvaluation {
  readonly findings: Findings;
  readonly files: readonly string[];
  /** True where copies were looked for in other data than the model learned from. */
  readonly otherData: boolean;
  /** Mean acceptance probability, of kernels with an accept test. */
  readonly acceptance?: number | undefined;
  /** Everything that was written: settings, data, features, findings, seconds, versions. */
  readonly result: Readonly<Record<string, unknown>>;
}

/**
 * Measures samples of a model, or of a file, against data, and writes the results: distances,
 * coverage, copies, and how chains mix. What is drawn is saved on the way: the same call after a
 * stop or a crash goes on, to the same bits.
 *
 * @throws UserError for a model or samples of other images than the data's, too few samples, or
 * features that do not fit; (`stopped`) where the signal ended it.
 */
export async function evaluateModel(
  options: ModelEvaluationOptions,
  work: Work = {},
): Promise<ModelEvaluation> {
  const folder = await evaluationFolder(options);
  if (options.fetchInception) await fetchInception(work);
  const dataset = await loadReference(options, work);
  const name = chooseFeatures(options, dataset);
  const network = await openFeatures(name, dataset.shape, { inception: options.inception });
  await checkFolder(folder);
  const subject = await sampleSubject(options, { dataset, network, folder }, work);
  const { findings, seconds } = await measureAll(subject, dataset, network, work);
  await network.release();
  const { acceptance } = subject.measured;
  const result = {
    ...describe(options, subject, dataset, network),
    findings,
    seconds,
    versions: versions(),
  };
  const files = await saveEvaluation(folder, result, { dataset, findings, ...subject });
  if (subject.progress !== undefined) await rm(subject.progress, { force: true });
  const otherData = findings.memorisation !== undefined && (await isOther(options, dataset));
  return { findings, files, otherData, acceptance, result: { ...result, files } };
}

/** Whether the data is not what the model learned from: copies of that are not looked for then. */
async function isOther({ model }: ModelEvaluationOptions, { hash }: Dataset): Promise<boolean> {
  if (model === undefined) return false;
  const run = folderOfModel(model);
  return (await hasRun(run)) && (await readRecord(run)).data.hash !== hash;
}

async function measureAll(
  { metrics, measured }: Subject,
  dataset: Dataset,
  network: OpenedFeatures,
  work: Work,
) {
  const start = performance.now();
  let references: Promise<References> | undefined;
  const findings = await measure({
    measured,
    network,
    dataset,
    metrics,
    references: () => {
      references ??= referenceFeatures(dataset, network, work).then(({ features }) =>
        createReferences(features, network.dimension),
      );
      return references;
    },
    onStage: (note, done) => {
      work.signal?.throwIfAborted();
      work.onProgress?.({ label: 'measuring', done, of: metrics.length, unit: 'metrics', note });
    },
  });
  const seconds = { ...measured.seconds, metrics: (performance.now() - start) / 1000 };
  return { findings, seconds };
}

function describe(
  { model, samples: file }: ModelEvaluationOptions,
  { measured, walk }: Subject,
  { name, count, hash, shape }: Dataset,
  network: OpenedFeatures,
) {
  const [chains, draws, dimension] = measured.features.shape;
  return {
    ...(model !== undefined && { model, walk }),
    ...(file !== undefined && { file }),
    ...(measured.acceptance !== undefined && { acceptance: measured.acceptance }),
    samples: chains * draws,
    chains,
    draws,
    shape,
    data: { name, count, hash },
    features: { name: network.name, dimension, id: network.id },
  };
}
