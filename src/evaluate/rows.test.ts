import { expect, test } from 'vitest';
import { lastOf, spread, spreadOverDraws } from './rows.ts';

/** Rows of one number: chain · 10 + draw, for 4 chains of 6 draws. */
const rows = Float32Array.from({ length: 24 }, (_, i) => 10 * Math.floor(i / 6) + (i % 6));

test('rows are spread evenly, or over the draws of chains', () => {
  expect([...spread(rows, 1, 4)]).toEqual([0, 10, 20, 30]);
  expect([...spreadOverDraws(rows, 1, 4)]).toEqual([0, 11, 22, 33]);
  expect([...spreadOverDraws(rows, 1, 7)]).toEqual([0, 4, 12, 14, 22, 31, 32]);
  expect(spreadOverDraws(rows, 1, 24)).toBe(rows);
  expect([...lastOf(rows, 4, 6)]).toEqual([5, 15, 25, 35]);
});
