import { expect, test } from 'vitest';
import { allocate, inMemory, pick, readAll, readAllScaled } from './dataset.ts';

const shape = [1, 2];
const bytes = { count: 3, shape, ...inMemory(Uint8Array.of(0, 51, 102, 153, 204, 255), 3) };
const points = { count: 2, shape: [1], ...inMemory(Float32Array.of(-1.5, 4), 2) };

test('an example is written where it is wanted', () => {
  const into = allocate(bytes.dtype, 4);
  bytes.read(1, into, 2);
  expect(into).toEqual(Uint8Array.of(0, 0, 102, 153));
});

test('bytes are scaled to [0, 1], floats are as they are', () => {
  expect(readAllScaled(bytes)).toEqual(Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1));
  expect(readAllScaled(points)).toEqual(Float32Array.of(-1.5, 4));
});

test('a pick has its examples and labels in the order asked for; a pick of it too', () => {
  const labelled = { ...bytes, labels: Uint8Array.of(7, 8, 9) };
  const picked = pick(labelled, [2, 0, 2]);
  expect(readAll(picked)).toEqual(Uint8Array.of(204, 255, 0, 51, 204, 255));
  expect(picked.labels).toEqual(Uint8Array.of(9, 7, 9));
  const again = pick(picked, [1]);
  expect([again.count, again.labels, readAll(again)]).toEqual([
    1,
    Uint8Array.of(7),
    Uint8Array.of(0, 51),
  ]);
  expect(pick(points, [1])).not.toHaveProperty('labels');
});

test('more bytes than a list of JavaScript holds are scaled', () => {
  // As 50,000 colour images of 32×32 are; a list ends at 2^27 items.
  const count = 2 ** 27 + 8;
  const values = readAllScaled({
    count: 1,
    shape: [count],
    read: (_, out, offset) => {
      out[offset] = 51;
      out[offset + count - 1] = 255;
    },
    dtype: 'uint8',
  } as Parameters<typeof readAllScaled>[0]);
  expect([values.length, values[0], values[1], values[count - 1]]).toEqual([
    count,
    Math.fround(0.2),
    0,
    1,
  ]);
});
