/** Statistics of sequences: what counts as valid, progress, and words. */
import { UserError } from '../../errors.ts';
import {
  type SequenceStatistics,
  type SequenceStatisticsOptions,
  sequenceStatistics,
} from '../../evaluate/index.ts';
import { type Alphabet, GAP } from '../../model/index.ts';
import { interruptible } from '../interrupt.ts';
import type { Output } from '../output.ts';

/** Letters, no gap inside, and all of the pattern where there is one. @throws UserError for a wrong pattern. */
export function validity(alphabet: Alphabet, pattern: string | undefined) {
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

/** `sequenceStatistics`, with a bar where it takes long; Ctrl-C stops it. */
export async function measureSequences(
  samples: readonly string[],
  options: Pick<SequenceStatisticsOptions, 'isValid' | 'training'>,
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
