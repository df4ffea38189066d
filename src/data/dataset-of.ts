import { UserError } from '../errors.ts';
import type { Alphabet } from './alphabet.ts';
import { type Dataset, inMemory, type Values } from './dataset.ts';
import { hashValues } from './hash.ts';
import { sizeOf } from './shape.ts';

/** What may be said of values beside their shape. */
export interface DatasetFacts {
  /** Default `data`. */
  readonly name?: string;
  /** Class index of each example. */
  readonly labels?: Uint8Array;
  /** Name of each class. */
  readonly classes?: readonly string[];
  /** What the first axis means, of one-hot sequences. */
  readonly alphabet?: Alphabet;
}

/**
 * Makes a data set of values in memory; its hash is worked out, so that a run knows it again.
 *
 * @example
 * const digits = datasetOf(values, [1, 28, 28]);
 *
 * @param values `[count, ...shape]`, row-major: bytes 0..255, scaled to [0, 1] as batches are made,
 *   or floats, used as they are. They are not copied.
 *
 * @param shape Shape of one example: `[channels, height, width]` for images, `[d]` for points.
 *
 * @throws UserError (`shape`) where the values are no whole number of examples, or labels are not
 *   one for each; (`invalid`) for floats that are not finite, saying which.
 */
export function datasetOf(
  values: Values,
  shape: readonly number[],
  { name = 'data', ...facts }: DatasetFacts = {},
): Dataset {
  const size = sizeOf(shape);
  if (shape.length === 0 || !shape.every((length) => Number.isSafeInteger(length) && length > 0)) {
    throw new UserError(
      `${name}: [${shape.join(', ')}] is no shape of an example; give whole numbers above 0, such as [1, 28, 28]`,
      { code: 'shape', facts: { shape } },
    );
  }
  const count = values.length / size;
  if (count === 0 || !Number.isInteger(count)) {
    throw new UserError(
      `${name}: ${values.length} values are no whole number of examples of [${shape.join(', ')}], which have ${size}; check the shape`,
      { code: 'shape', facts: { shape, length: values.length } },
    );
  }
  checkFinite(values, size, name);
  const { labels } = facts;
  if (labels !== undefined && labels.length !== count) {
    throw new UserError(
      `${name}: ${labels.length} labels for ${count} examples; give one for each`,
      {
        code: 'shape',
        facts: { labels: labels.length, count },
      },
    );
  }
  const hash = hashValues(values, count, shape);
  return { name, count, shape: [...shape], ...inMemory(values, count), ...facts, hash };
}

function checkFinite(values: Values, size: number, name: string): void {
  if (values instanceof Uint8Array) return;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const [example, at] = [Math.floor(bad / size), bad % size];
  throw new UserError(
    `${name}: example ${example} has ${values[bad]} at ${at}; learn from finite numbers`,
    { facts: { example, at, value: values[bad] } },
  );
}
