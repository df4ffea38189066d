import { type Alphabet, allowsGaps, type Dataset, readingOf } from '../../../data/index.ts';
/** `mdensity evaluate` of a model of sequences, or of a FASTA file. */

import { join } from 'node:path';
import {
  formatFasta,
  isSequenceFile,
  type LoadOptions,
  parseFasta,
  readText,
} from '../../../data/node/index.ts';
import { effectiveNoise } from '../../../density/index.ts';
import { UserError } from '../../../errors.ts';
import { checkFolder, writeBytes } from '../../../files.ts';
import { readOnnx } from '../../../graph/index.ts';
import { readOnnxFile } from '../../../graph/node/read-onnx-file.ts';
import { readModelConfig } from '../../../model/index.ts';
import type { Work } from '../../../progress.ts';
import { findModel, loadModel } from '../../../run/model-file.ts';
import { versions } from '../../../run/versions.ts';
import { conditionOfChains, measurementsToWalk } from '../../../run/walked-member.ts';
import { drawJumps } from '../../../sample/index.ts';
import { isFasta } from '../../../sample/node/draws-files.ts';
import { compositionOf, conformity } from '../../conformity.ts';
import { type NearestSequence, nearestSequences } from '../../nearest-sequences.ts';
import {
  type PositionFrequencies,
  positionDivergence,
  positionFrequencies,
} from '../../position-frequencies.ts';
import { evaluationFolder } from '../files.ts';
import { evaluatedWalk, type ModelEvaluationOptions } from '../options.ts';
import { loadReference } from '../reference.ts';
import { type NamedSequence, recordsOf } from './samples.ts';
import { describeStatistics, measureSequences, validity } from './statistics.ts';
import { lettersOf } from './training.ts';

/** File of the findings. */
export const SEQUENCES_FILE = 'sequences.json';

/**
 * Reads what is measured as sequences: a model with its alphabet, or a FASTA file; none for images
 * and points.
 */
export async function sequencesIn({
  model,
  samples,
}: Pick<ModelEvaluationOptions, 'model' | 'samples'>): Promise<
  { alphabet?: Alphabet } | undefined
> {
  if (samples !== undefined) return isFasta(samples.replace(/\.gz$/i, '')) ? {} : undefined;
  const path = findModel(model!);
  const { metadata, input } = readOnnx(await readOnnxFile(path), path);
  const alphabet = readModelConfig(metadata, input.shape, path)?.alphabet;
  return alphabet && { alphabet };
}

/**
 * Computes statistics of samples beside those of the data: sequences have no features, so none of
 * the metrics of images.
 */
export async function evaluateSequences(
  options: ModelEvaluationOptions,
  { alphabet }: { readonly alphabet?: Alphabet },
  work: Work = {},
) {
  const folder = await evaluationFolder(options);
  const read = options.samples === undefined ? undefined : await readRecords(options.samples);
  const own = alphabet && readingOf(alphabet);
  const dataset = await loadReference(withAlphabet(options, own), work);
  await checkFolder(folder);
  const training = lettersOf(dataset);
  const isValid = validity(alphabet ?? dataset.alphabet!, options.valid);
  const { records, ...subject } = read ?? (await drawn(options, work));
  const samples = records.map(({ sequence }) => sequence);
  const statistics = await measureSequences(samples, { isValid, training }, work);
  const { name, count, hash } = dataset;
  const letters = alphabet ?? dataset.alphabet!;
  const nearest = await nearestOf(samples.slice(0, SHOWN), dataset, letters, work);
  const result = {
    ...subject,
    data: { name, count, hash },
    ...(options.valid !== undefined && { pattern: options.valid }),
    ...(allowsGaps(letters) && { gaps: true }),
    statistics,
    ...comparedByPosition(samples, training, letters),
    first: samples.slice(0, SHOWN),
    nearest,
    versions: versions(),
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

/**
 * Finds the nearest training sequence of each sample, by name and identity; none where the data
 * have no names.
 */
function nearestOf(
  samples: readonly string[],
  { count, record }: Dataset,
  { aligned = false }: Alphabet,
  { signal }: Work,
): Promise<NearestSequence[]> | undefined {
  if (record === undefined) return undefined;
  const training = Array.from({ length: count }, (_, i) => record(i));
  const columns = training[0]!.sequence.length;
  const isAligned = aligned && samples.every((sample) => sample.length === columns);
  return nearestSequences(samples, training, {
    aligned: isAligned,
    ...(signal && { signal }),
  });
}

/** How samples differ from training at each position, and how well they conform to it. */
function comparedByPosition(
  samples: readonly string[],
  training: readonly string[],
  { letters }: Alphabet,
) {
  const longest = [...samples, ...training].reduce((most, { length }) => Math.max(most, length), 0);
  const [own, theirs] = [samples, training].map((all) =>
    positionFrequencies(all, letters, longest),
  ) as [PositionFrequencies, PositionFrequencies];
  const descriptors = (all: readonly string[]) =>
    evenly(all, DESCRIBED).map((sequence) => compositionOf(sequence, letters));
  const known = descriptors(training);
  return {
    positionDivergence: positionDivergence(own, theirs),
    ...(known.length >= 4 && { conformity: conformity(descriptors(samples), known).mean }),
  };
}

/** Sequences that conformity is found of: its time goes with their square. */
const DESCRIBED = 2000;

/** At most so many of a list, evenly spread. */
function evenly<T>(all: readonly T[], most: number): T[] {
  const count = Math.min(most, all.length);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Sequences that a report shows. */
const SHOWN = 24;

/** The model's alphabet reads `--data`, where nothing else is said. */
function withAlphabet(
  options: ModelEvaluationOptions,
  own: Pick<LoadOptions, 'alphabet' | 'pad' | 'aligned'> | undefined,
): ModelEvaluationOptions {
  const { data } = options;
  if (data === undefined || own === undefined || !isSequenceFile(data)) return options;
  const given = options.dataOptions ?? {};
  const { alphabet = own.alphabet, pad = own.pad, aligned = own.aligned } = given;
  return { ...options, dataOptions: { ...given, alphabet, pad, aligned } };
}

async function drawn(options: ModelEvaluationOptions, work: Work) {
  const { draws, sigma, device = 'cpu', measurements = 1, model: target } = options;
  const condition = conditionOfChains(options.class, options.chains);
  const given = sigma === undefined ? {} : { sigma: effectiveNoise(sigma, measurements) };
  const { precision } = options;
  const opening = { device, precision, condition, ...given };
  const model = await loadModel(target!, opening, work);
  try {
    const { alphabet } = model.config!;
    const { kernel, ...walk } = evaluatedWalk(options, measurementsToWalk(model, options));
    const { chains, jumpEvery } = walk;
    const steps = draws * jumpEvery;
    const { draws: samples, stopped } = await drawJumps(
      model,
      { ...walk, ...(kernel && { kernel }), steps },
      work,
    );
    if (stopped) {
      throw new UserError('stopped before the end of the walk; start the same again', {
        code: 'stopped',
      });
    }
    const records = recordsOf(samples, { alphabet: alphabet!, length: model.shape[1]! });
    return { model: target!, walk: { kernel, ...walk }, chains, draws, records };
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
  if (records.length === 0)
    throw new UserError(`${file}: holds no sequences; give some`, {
      facts: { path: file, count: 0 },
    });
  return { file, records };
}
