import { distance } from 'fastest-levenshtein';
import { UserError } from '../errors.ts';
import { pause } from '../pause.ts';

/** What samples of sequences are worth, by themselves and beside those that were learned from. */
export interface SequenceStatistics {
  readonly count: number;
  /** Different sequences, as a share of all. */
  readonly unique: number;
  /** Share of sequences that are valid. */
  readonly valid: number;
  readonly training?: TrainingComparison;
}

export interface TrainingComparison {
  /** Training sequences. */
  readonly count: number;
  /** Share of samples that are one of them. */
  readonly copies: number;
  /**
   * Insertions, deletions and substitutions (Levenshtein 1966) from a sample to the nearest of
   * them.
   */
  readonly editDistance: {
    /** Samples it was measured on. */
    readonly samples: number;
    readonly least: number;
    readonly median: number;
    readonly mean: number;
  };
  /**
   * Jensen–Shannon divergence (Lin 1991) between the frequencies of letters in samples and in
   * training, in bits: 0 where they are the same, 1 where no letter is shared.
   */
  readonly letterDivergence: number;
}

export interface SequenceStatisticsOptions {
  /** What a valid sequence is. Default: one that has letters. */
  readonly isValid?: (sequence: string) => boolean;
  readonly training?: readonly string[] | undefined;
  /** Edit distances are measured on at most so many samples, evenly spread. Default 1,000. */
  readonly distances?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * Measures sequences: how many are valid, unique and new, and how far from training ones.
 * @throws UserError for no samples, or no training sequences where there should be some.
 */
export async function sequenceStatistics(
  samples: readonly string[],
  options: SequenceStatisticsOptions = {},
): Promise<SequenceStatistics> {
  const { isValid = (sequence) => sequence !== '', training } = options;
  const count = samples.length;
  if (count === 0)
    throw new UserError('samples: holds no sequences; give some', { facts: { option: 'samples' } });
  const own = {
    count,
    unique: new Set(samples).size / count,
    valid: samples.filter(isValid).length / count,
  };
  if (training === undefined) return own;
  if (training.length === 0)
    throw new UserError('training: holds no sequences; give some', {
      facts: { option: 'training' },
    });
  const known = new Set(training);
  return {
    ...own,
    training: {
      count: training.length,
      copies: samples.filter((sample) => known.has(sample)).length / count,
      editDistance: await nearestDistances(samples, known, options),
      letterDivergence: letterDivergence(samples, training),
    },
  };
}

async function nearestDistances(
  samples: readonly string[],
  training: ReadonlySet<string>,
  { distances = 1000, signal, onProgress }: SequenceStatisticsOptions,
): Promise<TrainingComparison['editDistance']> {
  const total = Math.min(distances, samples.length);
  const all = [...training];
  const found: number[] = [];
  const before = new Map<string, number>();
  let breathed = performance.now();
  for (let i = 0; i < total; i++) {
    const sample = samples[Math.floor((i * samples.length) / total)]!;
    const least = before.get(sample) ?? (training.has(sample) ? 0 : nearest(sample, all));
    before.set(sample, least);
    found.push(least);
    onProgress?.({ done: i + 1, total });
    if (performance.now() - breathed < BREATH) continue;
    await pause();
    signal?.throwIfAborted();
    breathed = performance.now();
  }
  found.sort((a, b) => a - b);
  const middle = total / 2;
  return {
    samples: total,
    least: found[0]!,
    median: (found[Math.ceil(middle) - 1]! + found[Math.floor(middle)]!) / 2,
    mean: found.reduce((sum, value) => sum + value, 0) / total,
  };
}

/** Longest time, in milliseconds, that timers and signals have to wait. */
const BREATH = 50;

function nearest(sample: string, training: readonly string[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const other of training) {
    // No fewer edits than the lengths differ by.
    if (Math.abs(other.length - sample.length) >= least) continue;
    least = Math.min(least, distance(sample, other));
  }
  return least;
}

/** ½ Σ p log₂(p/m) + ½ Σ q log₂(q/m), m = (p + q)/2. Without letters on one side it is 1. */
function letterDivergence(samples: readonly string[], training: readonly string[]): number {
  const [p, q] = [frequencies(samples), frequencies(training)];
  if (p.size === 0 || q.size === 0) return p.size === q.size ? 0 : 1;
  let bits = 0;
  for (const letter of new Set([...p.keys(), ...q.keys()])) {
    const [a, b] = [p.get(letter) ?? 0, q.get(letter) ?? 0];
    const middle = (a + b) / 2;
    if (a > 0) bits += (a * Math.log2(a / middle)) / 2;
    if (b > 0) bits += (b * Math.log2(b / middle)) / 2;
  }
  return Math.max(0, bits);
}

function frequencies(sequences: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const sequence of sequences) {
    for (const letter of sequence) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    total += sequence.length;
  }
  return new Map([...counts].map(([letter, count]) => [letter, count / total]));
}
