import { type Alphabet, allowsGaps, GAP } from '../../../data/index.ts';
/** Statistics of sequences: what counts as valid, progress, and words. */

import { UserError } from '../../../errors.ts';
import type { Work } from '../../../progress.ts';
import {
  type SequenceStatistics,
  type SequenceStatisticsOptions,
  sequenceStatistics,
} from '../../sequence-statistics.ts';

/**
 * Makes the test of a valid sequence: letters, no gap inside unless the alphabet allows it, and all
 * of the pattern where there is one.
 *
 * @throws UserError for a wrong pattern.
 */
export function validity(alphabet: Alphabet, pattern: string | undefined) {
  const matches = pattern === undefined ? undefined : wholly(pattern);
  const gaps = allowsGaps(alphabet);
  return (sequence: string) =>
    sequence.replaceAll(GAP, '') !== '' &&
    (gaps || !sequence.includes(GAP)) &&
    (matches === undefined || matches.test(sequence));
}

function wholly(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw new UserError(
      `valid ${pattern}: is no regular expression (${(cause as Error).message.split(': ').at(-1)}); mend it`,
      { facts: { option: 'valid', value: pattern }, cause },
    );
  }
}

/** Measures sequences as `sequenceStatistics`, and tells how far it is. */
export function measureSequences(
  samples: readonly string[],
  options: Pick<SequenceStatisticsOptions, 'isValid' | 'training'>,
  { signal, onProgress }: Work = {},
): Promise<SequenceStatistics> {
  return sequenceStatistics(samples, {
    ...options,
    ...(signal && { signal }),
    onProgress: ({ done, total }) =>
      onProgress?.({ label: 'measuring edit distances', done, of: total, unit: 'sequences' }),
  });
}

/** Writes statistics in lines. */
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
