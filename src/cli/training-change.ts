import {
  changeable,
  changeRecord,
  listCheckpoints,
  type RunRecord,
  type TrainingChange,
} from '../run/index.ts';
import type { TrainingConfig } from '../train/index.ts';
import type { Output } from './output.ts';

/**
 * Changes a run's training to what is asked for, and logs line by line what becomes other.
 *
 * @throws UserError where the run is to end before where it is.
 */
export async function changedTraining(
  record: RunRecord,
  given: TrainingChange,
  { directory, output }: { readonly directory: string; readonly output: Output },
): Promise<TrainingConfig> {
  const made = (await listCheckpoints(directory)).at(-1) ?? 0;
  const { training } = changeRecord(record, given, made);
  for (const key of changeable) {
    const before = record.training[key];
    if (training[key] === before) continue;
    output.log(`${key}: ${training[key]} from step ${made} on, was ${before}`);
  }
  return training;
}
