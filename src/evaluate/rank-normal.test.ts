import { expect, test } from 'vitest';
import { fold, normalQuantile, rankNormalise } from './rank-normal.ts';

// scipy.stats.norm.ppf of SciPy 1.17.1.
test.each([
  [1e-9, -5.9978070150076865],
  [0.001, -3.090232306167813],
  [0.07, -1.4757910281791706],
  [0.075, -1.4395314709384563],
  [0.3, -0.5244005127080409],
  [0.5, 0],
  [0.93, 1.475791028179171],
  [0.999999, 4.753424308817087],
])('the normal quantile of %s', (p, expected) => {
  expect(Math.abs(normalQuantile(p) - expected)).toBeLessThan(1e-14);
});

test('equal values share their mean rank', () => {
  const [first, second] = rankNormalise([Float64Array.of(5, 1), Float64Array.of(5, 7)]);
  // Ranks 2.5, 1, 2.5, 4 of 4 values.
  expect([...first!]).toEqual([2.5, 1].map((r) => normalQuantile((r - 0.375) / 4.25)));
  expect([...second!]).toEqual([2.5, 4].map((r) => normalQuantile((r - 0.375) / 4.25)));
});

test('folds about the median of all draws', () => {
  const folded = (...chains: number[][]) =>
    fold(chains.map((chain) => Float64Array.from(chain))).map((chain) => [...chain]);
  expect(folded([1, 9], [2, 5])).toEqual([
    [2.5, 5.5],
    [1.5, 1.5],
  ]);
  expect(folded([1, 9, 3])).toEqual([[2, 6, 0]]);
});
