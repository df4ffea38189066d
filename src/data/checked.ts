/** Data sets that a program made itself: what `read` writes is checked against what they say. */
import { UserError } from '../errors.ts';
import { allocate, type Dataset, type Values } from './dataset.ts';
import { sizeOf } from './shape.ts';

/**
 * Checks that a data set's `read` writes one whole example of its shape and nothing beside it, on
 * the first example, the middle and the last. Later reads that leave the array are caught as they
 * happen.
 *
 * @throws UserError (`shape`) naming the data set, the example and the first value that is wrong.
 */
export function checkedDataset(dataset: Dataset): Dataset {
  const { name, count, shape, dtype } = dataset;
  const wrong = (what: string, facts: Readonly<Record<string, unknown>>) =>
    new UserError(`${name}: ${what}`, { code: 'shape', facts: { data: name, shape, ...facts } });
  if (!Number.isSafeInteger(count) || count < 1) {
    throw wrong(`count is ${count}; give the number of examples, at least 1`, { count });
  }
  if (dtype !== 'uint8' && dtype !== 'float32') {
    throw wrong(`dtype is ${String(dtype)}; give uint8 or float32`, { dtype });
  }
  const size = sizeOf(shape);
  const read: Dataset['read'] = (index, into, offset) => {
    try {
      dataset.read(index, into, offset);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw wrong(
        `read of example ${index} leaves the array (${cause.message}); write ${size} values of [${shape.join(', ')}] from offset on`,
        { example: index, size },
      );
    }
  };
  const checked = { ...dataset, read };
  for (const index of new Set([0, Math.floor(count / 2), count - 1])) {
    const { missing, outside } = probe(checked, index, size);
    if (missing !== undefined) {
      throw wrong(
        `read of example ${index} writes no value at ${missing}; write all ${size} of [${shape.join(', ')}]`,
        { example: index, at: missing, size },
      );
    }
    if (outside !== undefined) {
      throw wrong(
        `read of example ${index} writes at ${outside}, beside the ${size} values of [${shape.join(', ')}]; write from offset on, and no more`,
        { example: index, at: outside, size },
      );
    }
  }
  return checked;
}

interface Probe {
  /** First place of the example that was not written. */
  readonly missing: number | undefined;
  /** First place that was written and is not of the example; below 0 before its offset. */
  readonly outside: number | undefined;
}

/**
 * Reads one example amid two others' room, twice, over different values: what differs after was not
 * written.
 */
function probe({ dtype, read }: Dataset, index: number, size: number): Probe {
  const [a, b] = [1, 2].map((value) => {
    const room = allocate(dtype, 3 * size).fill(value);
    read(index, room, size);
    return room;
  }) as [Values, Values];
  const places = Array.from({ length: 3 * size }, (_, place) => place - size);
  const isInside = (place: number) => place >= 0 && place < size;
  const isWritten = (place: number) => !(a[place + size] === 1 && b[place + size] === 2);
  return {
    missing: places.find((place) => isInside(place) && !isWritten(place)),
    outside: places.find((place) => !isInside(place) && isWritten(place)),
  };
}
