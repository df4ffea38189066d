/** Samples of a model of sequences: what stays fixed, FASTA, and statistics. */
import { join } from 'node:path';
import { z } from 'zod';
import { formatFasta, type LoadOptions } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { type SequenceStatistics, sequenceStatistics } from '../evaluate/index.ts';
import { writeBytes } from '../files.ts';
import {
  type Alphabet,
  type DenoiserFileInfo,
  GAP,
  ownLetters,
  sequencesOf,
} from '../model/index.ts';
import type { FixedCoordinates } from '../sample/index.ts';
import { type Dataset, hasRun, readRecord } from '../train/index.ts';
import { datasetOptions } from './dataset-options.ts';
import { interruptible } from './interrupt.ts';
import { loadShown } from './load-progress.ts';
import { folderOfModel } from './model-file.ts';
import { defineOptions, type OptionValues } from './options.ts';
import type { Output } from './output.ts';
import { type Draws, isFasta } from './sample-files.ts';

export const sequenceOptions = defineOptions({
  template: {
    flags: '--template <letters>',
    description: 'sequences: letters that stay, ? where a position is free, such as AC??K',
    schema: z.string().optional(),
  },
  valid: {
    flags: '--valid <pattern>',
    description: 'sequences: a regular expression that a valid one matches as a whole',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <file>',
    description: 'sequences: what samples are compared with; default: what the model learned from',
    schema: z.string().optional(),
  },
  column: datasetOptions.column,
});

export type SequenceOptions = OptionValues<typeof sequenceOptions> & {
  readonly model: string;
  readonly out: string;
};

/** A model of sequences. */
interface SequenceModel {
  readonly alphabet: Alphabet;
  readonly length: number;
}

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
 * @throws UserError for such options with a model of something else, a template that does not fit, and
 * `--data` that cannot be read.
 */
export async function prepareSequences(
  { config, shape }: DenoiserFileInfo,
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
  const model = { alphabet, length: shape[1]! };
  const fixed = template === undefined ? undefined : fixedBy(template, model);
  const isValid = validity(alphabet, valid);
  const training = await trainingSequences(alphabet, options, output);
  return {
    walk: { ...(fixed && { fixed }) },
    save: async (draws) => {
      const records = recordsOf(draws, model);
      const samples = records.map(({ sequence }) => sequence);
      const statistics = await measure(samples, { isValid, training }, output);
      const files = await write(records, statistics, options.out);
      return { files, statistics, lines: describeStatistics(statistics) };
    },
  };
}

const FREE = '?_';

/**
 * What a template fixes, such as `AC??K`.
 * @throws UserError for another length, a letter outside the alphabet, and nothing left free.
 */
export function fixedBy(template: string, { alphabet, length }: SequenceModel): FixedCoordinates {
  const fail = (problem: string): never => {
    throw new UserError(`--template ${template}: ${problem}`);
  };
  const { letters } = alphabet;
  const places = [...template.toUpperCase()];
  if (places.length !== length) {
    fail(
      `has ${places.length} characters, sequences of this model have ${length}; give one for each position, ? where it is free`,
    );
  }
  if (!places.some((letter) => FREE.includes(letter))) {
    fail('leaves no position free; write ? for those that the walk shall fill');
  }
  const mask = new Uint8Array(letters.length * length);
  const values = new Float32Array(mask.length);
  places.forEach((letter, i) => {
    if (FREE.includes(letter)) return;
    const code = letters.indexOf(letter);
    if (code < 0) {
      fail(
        `${JSON.stringify(letter)} at position ${i + 1} is not in the alphabet ${letters}; give one of its letters, or ?`,
      );
    }
    for (let a = 0; a < letters.length; a++) mask[a * length + i] = 1;
    values[code * length + i] = 1;
  });
  return { mask, values };
}

/** Letters, no gap inside, and all of the pattern where there is one. @throws UserError for a wrong pattern. */
function validity(alphabet: Alphabet, pattern: string | undefined) {
  const matches = pattern === undefined ? undefined : wholly(pattern);
  return (sequence: string) =>
    sequence !== '' &&
    !(alphabet.gap && sequence.includes(GAP)) &&
    (matches === undefined || matches.test(sequence));
}

function wholly(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw new UserError(
      `--valid ${pattern}: is no regular expression (${(cause as Error).message.split(': ').at(-1)}); mend it`,
      { cause },
    );
  }
}

/** The sequences that `--data` names or the run learned from; none, and a line that says so, where they are not to be had. */
async function trainingSequences(
  alphabet: Alphabet,
  { model, data, column }: SequenceOptions,
  output: Output,
): Promise<readonly string[] | undefined> {
  const read = async (source: string, options: LoadOptions) => {
    const dataset = await loadShown(source, options, output);
    const own = dataset.alphabet;
    if (own === undefined) throw new UserError(`${source}: holds no sequences; give those`);
    return lettersOf(dataset, own);
  };
  const own = { alphabet: ownLetters(alphabet), pad: alphabet.gap ? 'end' : 'none' } as const;
  if (data !== undefined) return read(data, { ...own, column });
  const run = folderOfModel(model);
  const advice = 'so samples are compared with none; give them with --data';
  if (!(await hasRun(run))) {
    output.log(`note: the training sequences are not known, ${advice}`);
    return undefined;
  }
  const { source, options } = (await readRecord(run)).data;
  try {
    return await read(source, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    output.log(`note: the training sequences cannot be read (${error.message}), ${advice}`);
    return undefined;
  }
}

/** The sequences of a set, one after another: all of them as one-hot would be large. */
function lettersOf({ count, shape, read }: Dataset, alphabet: Alphabet): string[] {
  const [letters, length] = shape as [number, number];
  const x = new Float32Array(letters * length);
  return Array.from({ length: count }, (_, i) => {
    read(i, x, 0);
    return sequencesOf(x, length, alphabet)[0]!;
  });
}

interface NamedSequence {
  readonly name: string;
  readonly sequence: string;
}

/** Every jump of every chain, chain by chain. */
function recordsOf(
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

async function measure(
  samples: readonly string[],
  options: Pick<Parameters<typeof sequenceStatistics>[1] & object, 'isValid' | 'training'>,
  output: Output,
): Promise<SequenceStatistics> {
  const bar = output.progress('measuring', samples.length);
  const start = performance.now();
  const onProgress = ({ done, total }: { readonly done: number; readonly total: number }) => {
    const seconds = (performance.now() - start) / 1000;
    if (seconds < 1) return;
    const secondsLeft = (seconds / done) * (total - done);
    bar.update(Math.floor((done * samples.length) / total), {
      secondsLeft,
      note: 'edit distances',
    });
  };
  return interruptible((signal) =>
    sequenceStatistics(samples, { ...options, signal, onProgress }),
  ).finally(() => bar.stop());
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

/** Statistics in lines. */
export function describeStatistics({
  count,
  valid,
  unique,
  training,
}: SequenceStatistics): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const first = `${count} sequences: ${percent(valid)} valid, ${percent(unique)} unique`;
  if (training === undefined) return [first];
  const { copies, editDistance, letterDivergence } = training;
  const { samples, least, median, mean } = editDistance;
  return [
    `${first}, ${percent(copies)} copies of the ${training.count} training sequences`,
    `edits to the nearest training sequence: median ${median}, mean ${mean.toFixed(2)}, least ${least} (of ${samples} samples)`,
    `letter frequencies ${letterDivergence.toPrecision(2)} bits from training (Jensen–Shannon)`,
  ];
}
