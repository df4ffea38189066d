import { UserError } from '../errors.ts';
import { permutation, randomKey } from '../random.ts';
import { type Dataset, pick } from './dataset.ts';

/** Numbers of a run below its seed that have to do with held-out examples. */
export const validationStream = { purpose: 4, holdOut: 0, noise: 1 } as const;

export interface HoldOutOptions {
  /** Examples to hold out; 0 leaves the data set as it is. */
  readonly validation: number;
  readonly seed: number;
}

/**
 * Splits off examples that are never trained on. Which ones is a function of the seed, the number
 * of examples and how many are held out; both parts keep the order of the data set.
 * @throws UserError if nothing would be left to train on.
 */
export function holdOut(
  dataset: Dataset,
  { validation, seed }: HoldOutOptions,
): { readonly training: Dataset; readonly heldOut: Dataset | undefined } {
  if (validation === 0) return { training: dataset, heldOut: undefined };
  const { name, count } = dataset;
  if (validation >= count) {
    throw new UserError(
      `validation ${validation}: cannot be held out of the ${count} examples of ${name}; give at most ${count - 1}, or 0 for none`,
      { facts: { option: 'validation', value: validation, most: count - 1 } },
    );
  }
  const key = randomKey(seed, validationStream.purpose, validationStream.holdOut);
  const order = permutation(key, count);
  return {
    training: pick(dataset, order.subarray(validation).sort()),
    heldOut: pick(dataset, order.subarray(0, validation).sort()),
  };
}
