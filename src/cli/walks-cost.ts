import type { WalksCost } from '../experiment/index.ts';
import { formatDuration } from '../text.ts';

/** Says in one line what is left to walk, and how long this machine takes for it. */
export function describeWalks(cost: WalksCost): string {
  const { walks, scoreCalls, workers, seconds, secondsPerScoreCall, trainings } = cost;
  const { secondsPerSample } = cost;
  const each = `${milliseconds(secondsPerScoreCall)} a score call, ${milliseconds(secondsPerSample)} for the features of a sample`;
  const apart = trainings > 0 ? 'distances and training' : 'distances';
  return `${counted(walks, 'walk')} with ${counted(scoreCalls, 'score call')}: about ${formatDuration(seconds)} on this machine, ${workers} at a time (${each}), ${apart} apart`;
}

/** Says what a dry run found. */
export const describeDryRun = (cost: WalksCost | undefined): string =>
  cost ? `${describeWalks(cost)}; nothing was walked` : 'nothing is left to walk';

const milliseconds = (seconds: number) => `${Number((1000 * seconds).toPrecision(2))} ms`;

const counted = (n: number, name: string) =>
  `${n.toLocaleString('en')} ${name}${n === 1 ? '' : 's'}`;
