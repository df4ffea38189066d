import { expect, test } from 'vitest';
import { tilePixels } from './tiles.ts';

test('images stand in rows with a clear pixel between them', () => {
  // Three images of 2×2, the last all ink, two in a row.
  const values = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2];
  const { width, height, data } = tilePixels({ values, side: 2, columns: 2 });
  expect([width, height]).toEqual([5, 5]);
  const at = (x: number, y: number) => [...data.subarray(4 * (y * 5 + x), 4 * (y * 5 + x) + 4)];
  expect(at(0, 0)).toEqual([255, 255, 255, 255]);
  expect(at(2, 0)[3]).toBe(0);
  expect(at(0, 3)).toEqual([0, 0, 0, 255]);
  expect(at(1, 4)).toEqual([0, 0, 0, 255]);
  expect(at(4, 4)[3]).toBe(0);
});
