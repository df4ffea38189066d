import { expect, test } from 'vitest';
import { smallImages } from '../run/testing.ts';
import { anError } from '../testing-errors.ts';
import { type Dataset, readAll } from './dataset.ts';
import { holdOut } from './hold-out.ts';

const labelled: Dataset = {
  ...smallImages(),
  labels: Uint8Array.from({ length: 50 }, (_, i) => i),
};

/** Examples of the data set that a part holds, by their labels; their values are checked. */
function placesIn(part: Dataset): number[] {
  const size = 64;
  const all = readAll(labelled);
  const own = readAll(part);
  const places = Array.from(part.labels!);
  expect(places).toHaveLength(part.count);
  places.forEach((place, i) => {
    expect(own.subarray(i * size, (i + 1) * size)).toEqual(
      all.subarray(place * size, (place + 1) * size),
    );
  });
  return places;
}

test('splits a data set in two, by the seed, in order', () => {
  const { training, heldOut } = holdOut(labelled, { validation: 12, seed: 3 });
  const [trained, held] = [placesIn(training), placesIn(heldOut!)];
  expect([trained.length, held.length]).toEqual([38, 12]);
  const together = [...trained, ...held].sort((a, b) => a - b);
  expect(together).toEqual(Array.from({ length: 50 }, (_, i) => i));
  for (const part of [trained, held]) expect(part).toEqual([...part].sort((a, b) => a - b));

  const again = holdOut(labelled, { validation: 12, seed: 3 });
  expect(placesIn(again.heldOut!)).toEqual(held);
  const other = holdOut(labelled, { validation: 12, seed: 4 });
  expect(placesIn(other.heldOut!)).not.toEqual(held);
});

test('0 leaves the data set as it is; all of it cannot be held out', () => {
  expect(holdOut(labelled, { validation: 0, seed: 0 })).toEqual({
    training: labelled,
    heldOut: undefined,
  });
  expect(holdOut(labelled, { validation: 49, seed: 0 }).training.count).toBe(1);
  expect(() => holdOut(labelled, { validation: 50, seed: 0 })).toThrow(
    anError('invalid', { option: 'validation', value: 50, most: 49 }),
  );
});
