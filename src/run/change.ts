import { UserError } from '../errors.ts';
import type { TrainingConfig } from '../train/config.ts';
import type { RunRecord } from './run-directory.ts';

/**
 * What may be changed of a run when it goes on: its length, and the learning rate of the steps to
 * come.
 */
export const changeable = ['steps', 'learningRate', 'warmup', 'decay', 'decayFrom'] as const;

export type TrainingChange = { readonly [K in (typeof changeable)[number]]?: TrainingConfig[K] };

/** What of a change is other than what a run has. */
function realChange(training: TrainingConfig, change: TrainingChange): TrainingChange {
  const entries = changeable
    .filter((key) => change[key] !== undefined && change[key] !== training[key])
    .map((key) => [key, change[key]]);
  return Object.fromEntries(entries) as TrainingChange;
}

/**
 * Makes the record of a run that goes on from a step with other settings: it holds what they were
 * before, and from which step on. Such a run is not the one that would have had them from the
 * start.
 *
 * @throws UserError where the run is to end before where it is.
 */
export function changeRecord(record: RunRecord, change: TrainingChange, step: number): RunRecord {
  const real = realChange(record.training, change);
  if (Object.keys(real).length === 0) return record;
  const steps = real.steps ?? record.training.steps;
  if (steps < step) {
    throw new UserError(
      `steps: the run has made ${step}, it cannot end after ${steps}; give more`,
      {
        facts: { option: 'steps', steps, step },
      },
    );
  }
  const before = Object.fromEntries(
    Object.keys(real).map((key) => [key, record.training[key as keyof TrainingChange]!]),
  );
  const changes = [...(record.changes ?? []), { step, before }];
  return { ...record, training: { ...record.training, ...real }, changes };
}
