/** Samples of a model of sequences: what stays fixed, FASTA, and statistics. */
import { join } from 'node:path';
import { formatFasta } from '../../data/index.ts';
import type { BayesEstimator } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import type { SequenceStatistics } from '../../evaluate/index.ts';
import { writeBytes } from '../../files.ts';
import { type DenoiserFileInfo, sequencesOf } from '../../model/index.ts';
import type { FixedCoordinates } from '../../sample/index.ts';
import type { Output } from '../output.ts';
import { type Draws, isFasta } from '../sample-files.ts';
import type { SequenceOptions } from './options.ts';
import { describeStatistics, measureSequences, validity } from './statistics.ts';
import { fixedBy, type SequenceModel } from './template.ts';
import { trainingSequences } from './training.ts';

/** What was found of sequences, and the files that say it. */
export interface SequenceFindings {
  readonly files: readonly string[];
  readonly statistics: SequenceStatistics;
  readonly lines: readonly string[];
}

export interface SequenceSampling {
  /** What the walk is told. */
  readonly walk: { readonly fixed?: FixedCoordinates };
  /** Measures the sequences of all jumps; writes them where `--out` is FASTA or a folder. */
  save(draws: Draws): Promise<SequenceFindings>;
}

/**
 * Reads what options say of sequences, before the walk; nothing for a model of something else.
 * @throws UserError for such options with a model of something else, a template that does not fit or is for a
 * model of counts, a column of no table, and `--data` that cannot be read.
 */
export async function prepareSequences(
  { config, shape, rate }: DenoiserFileInfo & Pick<BayesEstimator, 'rate'>,
  options: SequenceOptions,
  output: Output,
): Promise<SequenceSampling | undefined> {
  const { template, valid, data, column } = options;
  const alphabet = config?.alphabet;
  if (alphabet === undefined) {
    const given = Object.entries({ template, valid, data, column }).find(([, value]) => value);
    if (given === undefined) return undefined;
    throw new UserError(
      `--${given[0]}: is for models of sequences, this one makes examples of shape [${shape.join(', ')}]; leave it out`,
    );
  }
  if (column !== undefined && data === undefined) {
    throw new UserError(`--column ${column}: is of the table that --data names; give --data too`);
  }
  if (template !== undefined && rate !== undefined) {
    throw new UserError(
      `--template ${template}: letters are kept in walks of Gaussian noise, and this model is of counts; leave it out`,
    );
  }
  const model = { alphabet, length: shape[1]! };
  const fixed = template === undefined ? undefined : fixedBy(template, model);
  const isValid = validity(alphabet, valid);
  const training = await trainingSequences(alphabet, options, output);
  return {
    walk: { ...(fixed && { fixed }) },
    save: async (draws) => {
      const records = recordsOf(draws, model);
      const samples = records.map(({ sequence }) => sequence);
      const statistics = await measureSequences(samples, { isValid, training }, output);
      const files = await write(records, statistics, options.out);
      return { files, statistics, lines: describeStatistics(statistics) };
    },
  };
}

export interface NamedSequence {
  readonly name: string;
  readonly sequence: string;
}

/** Every jump of every chain, chain by chain. */
export function recordsOf(
  { xhat, chains, steps }: Draws,
  { alphabet, length }: SequenceModel,
): NamedSequence[] {
  const jumps = xhat.map((frame) => sequencesOf(frame, length, alphabet));
  return Array.from({ length: chains }, (_, chain) =>
    jumps.map((sequences, i) => ({
      name: `chain-${chain + 1}.jump-${i + 1} step ${steps[i]}`,
      sequence: sequences[chain]!,
    })),
  ).flat();
}

async function write(
  records: readonly NamedSequence[],
  statistics: SequenceStatistics,
  out: string,
): Promise<string[]> {
  const isFolder = !/\.[a-z0-9]+$/i.test(out);
  if (!isFasta(out) && !isFolder) return [];
  const fasta = isFolder ? join(out, 'samples.fasta') : out;
  const json = fasta.replace(/\.[a-z]+$/i, '.statistics.json');
  const encode = (text: string) => new TextEncoder().encode(text);
  await writeBytes(fasta, encode(formatFasta(records)));
  await writeBytes(json, encode(`${JSON.stringify(statistics, null, 2)}\n`));
  return [fasta, json];
}
