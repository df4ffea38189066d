import { rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { type Dataset, hasRun, readRecord } from '../train/index.ts';
import { type EvaluateOptions, evaluateOptions } from './evaluate-options.ts';
import { createReferences, type References } from './evaluation/distances.ts';
import { describeFindings, type MetricName, measure } from './evaluation/evaluation.ts';
import { evaluationFolder, saveEvaluation } from './evaluation/evaluation-files.ts';
import {
  chooseFeatures,
  type OpenedFeatures,
  openFeatures,
} from './evaluation/feature-networks.ts';
import { fetchInception } from './evaluation/inception-file.ts';
import { loadReference, referenceFeatures } from './evaluation/reference.ts';
import { type Subject, sampleSubject } from './evaluation/subject.ts';
import { interruptible } from './interrupt.ts';
import { folderOfModel } from './model-file.ts';
import { addOptions, globalOptions, readOptionsAndGiven } from './options.ts';
import { createOutput, type Output } from './output.ts';
import { evaluateSequences, sequencesIn } from './sequences/evaluation.ts';
import { versions } from './versions.ts';

const examples = `
Examples:
  mdensity evaluate --model mnist --data mnist
  mdensity evaluate --model runs/digits --metrics fd,chains --draws 100 --json
  mdensity evaluate --model runs/cifar10 --data path/to/cifar-10-batches-py --fetch-inception --chains 125 --draws 400
  mdensity evaluate --samples samples.npy --data fashion-mnist --metrics fd,kid,pr
  mdensity evaluate --model runs/peptides --valid 'C.*C'`;

export function evaluateCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('evaluate')
      .description(
        'measure samples against data: distances, copies, and how chains mix; or statistics of sequences',
      ),
    evaluateOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const { options, given } = await readOptionsAndGiven(evaluateOptions, command);
    const { model, samples, fetchInception: fetches } = options;
    if (fetches && model === undefined && samples === undefined) {
      const path = await fetchInception(output);
      output.result({ path }, `Inception's weights are in ${path}`);
      return;
    }
    if ((model === undefined) === (samples === undefined)) {
      throw new UserError('--model or --samples: give one of the two, what is to be measured');
    }
    const sequences = await sequencesIn(options);
    if (!sequences && given.valid !== undefined) {
      throw new UserError(
        `--valid ${given.valid}: is for sequences, and ${model ?? samples} is of something else; leave it out`,
      );
    }
    const { result, lines } = sequences
      ? await evaluateSequences(options, sequences, given, output)
      : await evaluate(options, given.metrics, output);
    output.result(result, lines.join('\n'));
  });
}

async function evaluate(
  options: EvaluateOptions,
  asked: readonly MetricName[] | undefined,
  output: Output,
) {
  const folder = await evaluationFolder(options);
  if (options.fetchInception) await fetchInception(output);
  const dataset = await loadReference(options, output);
  const name = chooseFeatures(options, dataset);
  const network = await openFeatures(name, dataset.shape, { inception: options.inception });
  const subject = await sampleSubject(options, asked, { dataset, network, folder }, output);
  const { findings, seconds } = await measureAll(subject, dataset, network, output);
  await network.release();
  const result = {
    ...describe(options, subject, dataset, network),
    ...{ findings, seconds, versions: versions() },
  };
  const files = await saveEvaluation(folder, result, { dataset, findings, ...subject });
  if (subject.progress !== undefined) await rm(subject.progress, { force: true });
  const notes = findings.memorisation ? await noteOtherData(options, dataset) : [];
  const { acceptance } = subject.measured;
  const accepted =
    acceptance === undefined
      ? []
      : [`accepted              ${(100 * acceptance).toFixed(0)} % of proposals`];
  const lines = [...describeFindings(findings), ...accepted, ...notes, `wrote ${files.join(', ')}`];
  return { result: { ...result, files }, lines };
}

/** Copies are looked for in the data: those of other images that a model learned from do not show. */
async function noteOtherData({ model }: EvaluateOptions, { hash }: Dataset): Promise<string[]> {
  if (model === undefined) return [];
  const run = folderOfModel(model);
  if (!(await hasRun(run)) || (await readRecord(run)).data.hash === hash) return [];
  return ['copies are of --data, which is not what the model was trained on'];
}

async function measureAll(
  { metrics, measured }: Subject,
  dataset: Dataset,
  network: OpenedFeatures,
  output: Output,
) {
  const start = performance.now();
  const bar = output.progress('measuring', metrics.length);
  let references: Promise<References> | undefined;
  const findings = await measure({
    ...{ measured, network, dataset, metrics },
    references: () => {
      references ??= interruptible((signal) =>
        referenceFeatures(dataset, network, output, signal),
      ).then(({ features }) => createReferences(features, network.dimension));
      return references;
    },
    onStage: (metric, done) => {
      const seconds = (performance.now() - start) / 1000;
      bar.update(done, { secondsLeft: (seconds / done) * (metrics.length - done), note: metric });
    },
  }).finally(() => bar.stop());
  const seconds = { ...measured.seconds, metrics: (performance.now() - start) / 1000 };
  return { findings, seconds };
}

function describe(
  { model, samples: file }: EvaluateOptions,
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
    ...{ chains, draws, shape },
    data: { name, count, hash },
    features: { name: network.name, dimension, id: network.id },
  };
}
