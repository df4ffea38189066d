import { type Alphabet, type Dataset, ownLetters, sequencesOf } from '../../../data/index.ts';
import { isSequenceFile, type LoadOptions, loadDataset } from '../../../data/node/index.ts';
import { UserError } from '../../../errors.ts';
import type { Work } from '../../../progress.ts';
import { hasRun, readRecord } from '../../../run/index.ts';
import { folderOfModel } from '../../../run/model-file.ts';

/** What says which sequences samples are compared with. */
export interface TrainingSequencesChoice {
  readonly model: string;
  /** A file; default: what the model's run learned from. */
  readonly data?: string | undefined;
  readonly column?: string | undefined;
}

/** Training sequences, or why they are not to be had. */
export type TrainingSequences =
  | { readonly sequences: readonly string[] }
  | { readonly missing: string };

/**
 * Reads the sequences that `data` names or the run learned from.
 *
 * @throws UserError for `data` that holds no sequences.
 */
export async function trainingSequences(
  alphabet: Alphabet,
  { model, data, column }: TrainingSequencesChoice,
  work: Work = {},
): Promise<TrainingSequences> {
  const read = async (source: string, options: LoadOptions) => ({
    sequences: lettersOf(await loadDataset(source, { ...options, ...work })),
  });
  const own = { alphabet: ownLetters(alphabet), pad: alphabet.gap ? 'end' : 'none' } as const;
  if (data !== undefined) {
    if (isSequenceFile(data)) return read(data, { ...own, column });
    throw new UserError(`data ${data}: holds no sequences; give FASTA, CSV or TSV`, {
      facts: { option: 'data', value: data },
    });
  }
  const run = folderOfModel(model);
  if (!(await hasRun(run))) return { missing: 'are not known' };
  const { source, options } = (await readRecord(run)).data;
  try {
    return await read(source, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { missing: `cannot be read (${error.message})` };
  }
}

/**
 * Reads the sequences of a set, one after another: all of them as one-hot would be large.
 * @throws UserError for a set of something else.
 */
export function lettersOf({ name, count, shape, read, alphabet }: Dataset): string[] {
  if (alphabet === undefined) {
    throw new UserError(`${name}: holds no sequences; give FASTA, CSV or TSV`, {
      code: 'unsupported',
      facts: { data: name },
    });
  }
  const [letters, length] = shape as [number, number];
  const x = new Float32Array(letters * length);
  return Array.from({ length: count }, (_, i) => {
    read(i, x, 0);
    return sequencesOf(x, length, alphabet)[0]!;
  });
}
