/** Samples of a model of sequences: what stays fixed, FASTA, and statistics. */
import { join } from 'node:path';
import { sequencesOf } from '../../../data/index.ts';
import { formatFasta } from '../../../data/node/index.ts';
import type { BayesEstimator } from '../../../density/index.ts';
import { UserError } from '../../../errors.ts';
import { writeBytes } from '../../../files.ts';
import type { DenoiserFileInfo } from '../../../model/index.ts';
import type { Work } from '../../../progress.ts';
import type { Draws, FixedCoordinates } from '../../../sample/index.ts';
import { isFasta } from '../../../sample/node/draws-files.ts';
import { fixedBy, type SequenceModel } from '../../../sample/template.ts';
import type { SequenceStatistics } from '../../sequence-statistics.ts';
import { describeStatistics, measureSequences, validity } from './statistics.ts';
import { trainingSequences } from './training.ts';

/** What was found of sequences, and the files that say it. */
export interface SequenceFindings {
  readonly files: readonly string[];
  readonly statistics: SequenceStatistics;
  readonly lines: readonly string[];
}

/** What a program may ask of samples of a model of sequences. */
export interface SequenceOptions {
  readonly model: string;
  readonly out: string;
  /** Letters that stay, `?` where a position is free, such as `AC??K`. */
  readonly template?: string | undefined;
  /** A regular expression that a valid sequence matches as a whole. */
  readonly valid?: string | undefined;
  /** What samples are compared with; default: what the model learned from. */
  readonly data?: string | undefined;
  /** Column of `data`, where that is a table. */
  readonly column?: string | undefined;
}

export interface SequenceSampling {
  /** Why samples are compared with no training sequences, where they are not. */
  readonly note?: string | undefined;
  /** What the walk is told. */
  readonly walk: { readonly fixed?: FixedCoordinates };
  /** Measures the sequences of all jumps; writes them where `--out` is FASTA or a folder. */
  save(draws: Draws, work?: Work): Promise<SequenceFindings>;
}

/**
 * Reads what options say of sequences, before the walk; nothing for a model of something else.
 * @throws UserError for such options with a model of something else, a template that does not fit
 * or is for a model of counts, a column of no table, and `--data` that cannot be read.
 */
export async function prepareSequences(
  { config, shape, rate }: DenoiserFileInfo & Pick<BayesEstimator, 'rate'>,
  options: SequenceOptions,
  work: Work = {},
): Promise<SequenceSampling | undefined> {
  const { template, valid, data, column } = options;
  const alphabet = config?.alphabet;
  if (alphabet === undefined) {
    const given = Object.entries({ template, valid, data, column }).find(([, value]) => value);
    if (given === undefined) return undefined;
    throw new UserError(
      `${given[0]}: is for models of sequences, this one makes examples of shape [${shape.join(', ')}]; leave it out`,
      { code: 'mismatch', facts: { option: given[0], shape } },
    );
  }
  if (column !== undefined && data === undefined) {
    throw new UserError(`column ${column}: is of the table that data names; give data too`, {
      facts: { option: 'column', value: column },
    });
  }
  if (template !== undefined && rate !== undefined) {
    throw new UserError(
      `template ${template}: letters are kept in walks of Gaussian noise, and this model is of counts; leave it out`,
      { code: 'mismatch', facts: { option: 'template', value: template } },
    );
  }
  const model = { alphabet, length: shape[1]! };
  const fixed = template === undefined ? undefined : fixedBy(template, model);
  const isValid = validity(alphabet, valid);
  const found = await trainingSequences(alphabet, options, work);
  const training = 'sequences' in found ? found.sequences : undefined;
  return {
    note: 'missing' in found ? noteOf(found.missing) : undefined,
    walk: fixed ? { fixed } : {},
    save: async (draws, measuring = {}) => {
      const records = recordsOf(draws, model);
      const samples = records.map(({ sequence }) => sequence);
      const statistics = await measureSequences(samples, { isValid, training }, measuring);
      const files = await write(records, statistics, options.out);
      return { files, statistics, lines: describeStatistics(statistics) };
    },
  };
}

const noteOf = (missing: string) =>
  `the training sequences ${missing}, so samples are compared with none; give them as data`;

export interface NamedSequence {
  readonly name: string;
  readonly sequence: string;
}

/** Names every jump of every chain, chain by chain. */
export function recordsOf(
  { data, shape: [, draws], steps }: Draws,
  { alphabet, length }: SequenceModel,
): NamedSequence[] {
  return sequencesOf(data, length, alphabet).map((sequence, i) => ({
    name: `chain-${Math.floor(i / draws) + 1}.jump-${(i % draws) + 1} step ${steps[i % draws]}`,
    sequence,
  }));
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
