import { distance } from 'fastest-levenshtein';

/** A sequence and what it is called. */
export interface LabelledSequence {
  readonly name: string;
  readonly sequence: string;
}

/** The training sequence that a sample is nearest to. */
export interface NearestSequence {
  /** Index of the sample. */
  readonly sample: number;
  /** Index and name of the training sequence; the first of those that are as near. */
  readonly index: number;
  readonly name: string;
  /**
   * Insertions, deletions and substitutions (Levenshtein 1966); of aligned rows, columns that
   * differ.
   */
  readonly edits: number;
  /**
   * Letters that are the same, as a share: 1 − edits / length of the longer. Of aligned rows, see
   * `identity`.
   */
  readonly identity: number;
}

export interface NearestSequencesOptions {
  /** Whether sequences are rows of one alignment: columns are compared, none is moved. */
  readonly aligned?: boolean;
  /** Letter of a gap in an alignment. Default `-`. */
  readonly gap?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void;
}

/**
 * Computes the share of columns in which two rows of an alignment have the same letter, among those
 * in which one or both have a letter: a column of gaps says nothing. Two rows of gaps are the same,
 * 1.
 *
 * @throws RangeError for rows of different lengths.
 */
export function identity(a: string, b: string, gap = '-'): number {
  if (a.length !== b.length) {
    throw new RangeError(`rows of an alignment have ${a.length} and ${b.length} columns`);
  }
  let [same, columns] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (a[i] === gap && b[i] === gap) continue;
    columns++;
    if (a[i] === b[i]) same++;
  }
  return columns === 0 ? 1 : same / columns;
}

/**
 * Finds for each sample the nearest training sequence, by name and identity: the fewest edits, or
 * of an alignment the highest share of identical columns. Takes time of samples × training; other
 * work has its turn.
 *
 * @throws RangeError for no training sequences; `signal.reason` where it is stopped.
 */
export async function nearestSequences(
  samples: readonly string[],
  training: readonly LabelledSequence[],
  options: NearestSequencesOptions = {},
): Promise<NearestSequence[]> {
  if (training.length === 0) throw new RangeError('no training sequences to compare with');
  const { aligned = false, gap, signal, onProgress } = options;
  const known = new Map<string, Omit<NearestSequence, 'sample'>>();
  const found: NearestSequence[] = [];
  let breathed = performance.now();
  for (const [sample, letters] of samples.entries()) {
    const nearest =
      known.get(letters) ??
      (aligned ? nearestRow(letters, training, gap) : nearestByEdits(letters, training));
    known.set(letters, nearest);
    found.push({ sample, ...nearest });
    onProgress?.({ done: sample + 1, of: samples.length });
    if (performance.now() - breathed < BREATH) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
    breathed = performance.now();
  }
  return found;
}

/** Longest time, in milliseconds, that timers and signals have to wait. */
const BREATH = 50;

function nearestByEdits(letters: string, training: readonly LabelledSequence[]) {
  let [index, edits] = [0, Number.POSITIVE_INFINITY];
  for (const [i, { sequence }] of training.entries()) {
    // No fewer edits than the lengths differ by.
    if (Math.abs(sequence.length - letters.length) >= edits) continue;
    const found = distance(letters, sequence);
    if (found < edits) [index, edits] = [i, found];
  }
  const { name, sequence } = training[index]!;
  const longer = Math.max(letters.length, sequence.length);
  return { index, name, edits, identity: longer === 0 ? 1 : 1 - edits / longer };
}

function nearestRow(letters: string, training: readonly LabelledSequence[], gap?: string) {
  let [index, best] = [0, -1];
  for (const [i, { sequence }] of training.entries()) {
    const found = identity(letters, sequence, gap);
    if (found > best) [index, best] = [i, found];
  }
  const { name, sequence } = training[index]!;
  let edits = 0;
  for (let i = 0; i < letters.length; i++) if (letters[i] !== sequence[i]) edits++;
  return { index, name, edits, identity: best };
}
