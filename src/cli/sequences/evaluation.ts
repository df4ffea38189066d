/** `mdensity evaluate` of a model of sequences, or of a FASTA file. */
import { join } from 'node:path';
import {
  formatFasta,
  isSequenceFile,
  type LoadOptions,
  parseFasta,
  readText,
} from '../../data/index.ts';
import { effectiveNoise } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { readBytes, writeBytes } from '../../files.ts';
import { readOnnx } from '../../graph/index.ts';
import { type Alphabet, ownLetters, readModelConfig } from '../../model/index.ts';
import type { EvaluateOptions } from '../evaluate-options.ts';
import { evaluationFolder } from '../evaluation/evaluation-files.ts';
import { loadReference } from '../evaluation/reference.ts';
import { findModel, loadModel } from '../model-file.ts';
import type { Output } from '../output.ts';
import { walk } from '../sample.ts';
import { isFasta } from '../sample-files.ts';
import { versions } from '../versions.ts';
import { type NamedSequence, recordsOf } from './samples.ts';
import { describeStatistics, measureSequences, validity } from './statistics.ts';
import { lettersOf } from './training.ts';

/** File of the findings. */
export const SEQUENCES_FILE = 'sequences.json';

/** What is measured as sequences: a model with its alphabet, or a FASTA file; none for images and points. */
export async function sequencesIn({
  model,
  samples,
}: Pick<EvaluateOptions, 'model' | 'samples'>): Promise<{ alphabet?: Alphabet } | undefined> {
  if (samples !== undefined) return isFasta(samples.replace(/\.gz$/i, '')) ? {} : undefined;
  const path = findModel(model!);
  const { metadata, input } = readOnnx(await readBytes(path), path);
  const alphabet = readModelConfig(metadata, input.shape, path)?.alphabet;
  return alphabet && { alphabet };
}

/**
 * Statistics of samples beside the data: sequences have no features, so none of the metrics of images.
 * @throws UserError for options of those.
 */
export async function evaluateSequences(
  options: EvaluateOptions,
  { alphabet }: { readonly alphabet?: Alphabet },
  given: Partial<EvaluateOptions>,
  output: Output,
) {
  refuseImageMetrics(given);
  const folder = await evaluationFolder(options);
  const read = options.samples === undefined ? undefined : await readRecords(options.samples);
  const own = alphabet && {
    ...{ alphabet: ownLetters(alphabet), pad: alphabet.gap ? ('end' as const) : undefined },
  };
  const dataset = await loadReference(withAlphabet(options, own), output);
  const training = lettersOf(dataset);
  const isValid = validity(alphabet ?? dataset.alphabet!, options.valid);
  const { records, ...subject } = read ?? (await drawn(options, output));
  const samples = records.map(({ sequence }) => sequence);
  const statistics = await measureSequences(samples, { isValid, training }, output);
  const { name, count, hash } = dataset;
  const result = {
    ...{ ...subject, data: { name, count, hash } },
    ...(options.valid !== undefined && { pattern: options.valid }),
    ...{ statistics, first: samples.slice(0, SHOWN), versions: versions() },
  };
  const files = [join(folder, SEQUENCES_FILE)];
  await writeBytes(files[0]!, encode(`${JSON.stringify(result, null, 2)}\n`));
  if (options.samples === undefined) {
    files.push(join(folder, 'samples.fasta'));
    await writeBytes(files[1]!, encode(formatFasta(records)));
  }
  const lines = [...describeStatistics(statistics), `wrote ${files.join(', ')}`];
  return { result: { ...result, files }, lines };
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Sequences that a report shows. */
const SHOWN = 24;

const imageOptions = ['metrics', 'features', 'inception', 'fetchInception'] as const;

function refuseImageMetrics(given: Partial<EvaluateOptions>): void {
  const found = imageOptions.find((key) => given[key] !== undefined);
  if (found === undefined) return;
  const option = found.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UserError(
    `--${option}: is for images; sequences have statistics of their own, so leave it out`,
  );
}

/** The model's alphabet reads `--data`, where nothing else is said. */
function withAlphabet(
  options: EvaluateOptions,
  own: Pick<LoadOptions, 'alphabet' | 'pad'> | undefined,
): EvaluateOptions {
  const { data } = options;
  if (data === undefined || own === undefined || !isSequenceFile(data)) return options;
  const { alphabet = own.alphabet, pad = own.pad } = options;
  return { ...options, alphabet, pad };
}

async function drawn(options: EvaluateOptions, output: Output) {
  const { draws, jumpEvery, sigma, device, measurements = 1, model: target } = options;
  const given = sigma === undefined ? {} : { sigma: effectiveNoise(sigma, measurements) };
  const model = await loadModel(target!, { device, ...given });
  try {
    const { alphabet } = model.config!;
    const samples = await walk(model, { ...options, steps: draws * jumpEvery }, output);
    if (samples.steps.length < draws) {
      throw new UserError('stopped before the end of the walk; run the same command again', {
        exitCode: 130,
      });
    }
    const records = recordsOf(samples, { alphabet: alphabet!, length: model.shape[1]! });
    const { chains, kernel, stepSize, friction, burnIn, seed } = options;
    const M = options.measurements ?? model.config!.measurements;
    const walked = { measurements: M, kernel, stepSize, friction, chains, jumpEvery, burnIn, seed };
    return { model: target!, walk: walked, chains, draws, records };
  } finally {
    await model.release();
  }
}

async function readRecords(file: string): Promise<{ file: string; records: NamedSequence[] }> {
  const records = parseFasta(await readText(file), file, { empty: true }).map(
    ({ name, lines }) => ({
      name,
      sequence: lines
        .map(({ text }) => text)
        .join('')
        .replaceAll(/\s/g, '')
        .toUpperCase(),
    }),
  );
  if (records.length === 0) throw new UserError(`${file}: holds no sequences; give some`);
  return { file, records };
}
