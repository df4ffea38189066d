import { expect, test } from 'vitest';
import { lastOf, spread } from './rows.ts';

test('rows of classes that take turns are chosen from all of them', () => {
  // 50,000 rows whose number is all they hold; ten classes in turns.
  const rows = Float32Array.from({ length: 50_000 }, (_, i) => i);
  const chosen = spread(rows, 1, 1000);
  expect(spread(rows, 1, 1000)).toEqual(chosen);
  const counts = new Array(10).fill(0);
  chosen.forEach((row, i) => {
    counts[row % 10] += 1;
    // One from each part.
    expect(Math.floor(row / 50)).toBe(i);
  });
  // 100 of each, with a deviation of 9.5.
  for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(45);
});

test('all rows are all rows', () => {
  const rows = Float32Array.from({ length: 12 }, (_, i) => i);
  expect(spread(rows, 3, 4)).toBe(rows);
});

test('the last draws of chains', () => {
  // Chain · 10 + draw, for 4 chains of 6 draws.
  const rows = Float32Array.from({ length: 24 }, (_, i) => 10 * Math.floor(i / 6) + (i % 6));
  expect([...lastOf(rows, 4, 6)]).toEqual([5, 15, 25, 35]);
});
