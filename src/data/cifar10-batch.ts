import { UserError } from '../errors.ts';
import { inMemory } from './dataset.ts';
import type { Examples } from './examples.ts';

export const cifar10Classes: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** Values in one image: the red plane, then green, then blue, each row-major. */
export const cifar10Pixels = 3 * 32 * 32;

/** One file of CIFAR-10. Its name is for errors. */
export interface Cifar10Part {
  readonly name: string;
  readonly data: Uint8Array;
}

/** What one file holds: images `[count, 3072]` and their class indices. */
export interface Cifar10Batch {
  readonly labels: Uint8Array;
  readonly images: Uint8Array;
}

/** Joins what several files hold, in order, as images `[count, 3, 32, 32]` with labels. */
export function joinBatches(
  batches: readonly Cifar10Batch[],
  classes: readonly string[] = cifar10Classes,
): Examples {
  const labels = Buffer.concat(batches.map((batch) => batch.labels));
  const images = Buffer.concat(batches.map((batch) => batch.images));
  return {
    count: labels.length,
    shape: [3, 32, 32],
    ...inMemory(images, labels.length),
    labels: new Uint8Array(labels),
    classes,
  };
}

/**
 * Checks a label of a batch.
 *
 * @throws UserError for a label that is no class. `hint` says what the file may be instead.
 */
export function checkLabel(
  label: unknown,
  index: number,
  name: string,
  hint: string,
  classes = 10,
): number {
  if (Number.isInteger(label) && (label as number) >= 0 && (label as number) < classes) {
    return label as number;
  }
  const shown = typeof label === 'number' ? label : 'no number';
  throw new UserError(
    `${name}: label of record ${index} is ${shown}, 0 to ${classes - 1} expected; ${hint}`,
    { code: 'unreadable', facts: { path: name, index, classes } },
  );
}
