import { isSequenceFile, type LoadOptions } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { type Alphabet, ownLetters, sequencesOf } from '../../model/index.ts';
import { type Dataset, hasRun, readRecord } from '../../train/index.ts';
import { loadShown } from '../load-progress.ts';
import { folderOfModel } from '../model-file.ts';
import type { Output } from '../output.ts';
import type { SequenceOptions } from './options.ts';

/** The sequences that `--data` names or the run learned from; none, and a line that says so, where they are not to be had. */
export async function trainingSequences(
  alphabet: Alphabet,
  { model, data, column }: SequenceOptions,
  output: Output,
): Promise<readonly string[] | undefined> {
  const read = async (source: string, options: LoadOptions) => {
    const dataset = await loadShown(source, options, output);
    return lettersOf(dataset);
  };
  const own = { alphabet: ownLetters(alphabet), pad: alphabet.gap ? 'end' : 'none' } as const;
  if (data !== undefined) {
    if (isSequenceFile(data)) return read(data, { ...own, column });
    throw new UserError(`--data ${data}: holds no sequences; give FASTA, CSV or TSV`);
  }
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

/**
 * The sequences of a set, one after another: all of them as one-hot would be large.
 * @throws UserError for a set of something else.
 */
export function lettersOf({ name, count, shape, read, alphabet }: Dataset): string[] {
  if (alphabet === undefined) {
    throw new UserError(`${name}: holds no sequences; give FASTA, CSV or TSV`);
  }
  const [letters, length] = shape as [number, number];
  const x = new Float32Array(letters * length);
  return Array.from({ length: count }, (_, i) => {
    read(i, x, 0);
    return sequencesOf(x, length, alphabet)[0]!;
  });
}
