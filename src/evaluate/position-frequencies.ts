/** How often each letter stands at each position, as sequence logos show it. */
export interface PositionFrequencies {
  /** The A letters, in the order of the first axis. */
  readonly letters: string;
  /**
   * Share of each letter at each position, `[A, L]`, row-major; a position that no sequence has is
   * all 0.
   */
  readonly frequencies: Float64Array;
  /** Sequences that have a letter there, `[L]`. */
  readonly counts: Float64Array;
  /**
   * Information of each position, `[L]`, in bits: log₂ A less the entropy of its frequencies, the
   * height of a column of a logo (Schneider & Stephens 1990, without the correction for small
   * samples).
   */
  readonly information: Float64Array;
}

/**
 * Computes the frequencies of letters by position; letters outside the alphabet, gaps among them
 * unless it has the gap, are not counted.
 *
 * @param letters The alphabet, A letters.
 * @param length Positions L; default: the length of the longest sequence.
 *
 * @throws RangeError for no sequences.
 */
export function positionFrequencies(
  sequences: readonly string[],
  letters: string,
  length: number = sequences.reduce((longest, { length: own }) => Math.max(longest, own), 0),
): PositionFrequencies {
  if (sequences.length === 0) throw new RangeError('no sequences to count letters of');
  const codes = new Map([...letters].map((letter, code) => [letter, code]));
  const size = codes.size;
  const frequencies = new Float64Array(size * length);
  const counts = new Float64Array(length);
  for (const sequence of sequences) {
    for (let i = 0; i < Math.min(length, sequence.length); i++) {
      const code = codes.get(sequence[i]!);
      if (code === undefined) continue;
      frequencies[code * length + i]! += 1;
      counts[i]! += 1;
    }
  }
  const information = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    if (counts[i] === 0) continue;
    information[i] = Math.log2(size);
    for (let code = 0; code < size; code++) {
      const share = frequencies[code * length + i]! / counts[i]!;
      frequencies[code * length + i] = share;
      if (share > 0) information[i]! += share * Math.log2(share);
    }
  }
  return { letters, frequencies, counts, information };
}

/**
 * Computes the mean over positions of the Jensen–Shannon divergence (Lin 1991) between the
 * frequencies of two sets, in bits: 0 where they are the same at every position, at most 1. A
 * position that only one has counts as 1, one that neither has is left out.
 *
 * @throws RangeError for other letters or lengths.
 */
export function positionDivergence(a: PositionFrequencies, b: PositionFrequencies): number {
  const length = a.counts.length;
  if (a.letters !== b.letters || length !== b.counts.length) {
    throw new RangeError('frequencies are of different letters or lengths');
  }
  let [sum, positions] = [0, 0];
  for (let i = 0; i < length; i++) {
    if (a.counts[i] === 0 && b.counts[i] === 0) continue;
    positions++;
    sum += a.counts[i] === 0 || b.counts[i] === 0 ? 1 : divergenceAt(a, b, i);
  }
  return positions === 0 ? 0 : sum / positions;
}

function divergenceAt(a: PositionFrequencies, b: PositionFrequencies, position: number): number {
  const length = a.counts.length;
  let bits = 0;
  for (let at = position; at < a.frequencies.length; at += length) {
    const [p, q] = [a.frequencies[at]!, b.frequencies[at]!];
    const middle = (p + q) / 2;
    if (p > 0) bits += (p * Math.log2(p / middle)) / 2;
    if (q > 0) bits += (q * Math.log2(q / middle)) / 2;
  }
  return Math.max(0, bits);
}
