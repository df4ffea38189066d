import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyHistory,
  logTicks,
  recentLoss,
  showSeconds,
  speedOf,
  stretchesOf,
  withLosses,
  withMark,
} from './history.ts';

test('a history keeps the mean and the bounds of all losses, in few stretches', () => {
  const losses = fc.array(fc.double({ min: 0, max: 1e3, noNaN: true }), { maxLength: 2000 });
  fc.assert(
    fc.property(losses, fc.integer({ min: 1, max: 97 }), (all, part) => {
      let history = emptyHistory(5);
      for (let at = 0; at < all.length; at += part) {
        history = withLosses(history, all.slice(at, at + part));
      }
      const stretches = stretchesOf(history);
      expect(stretches.length).toBeLessThanOrEqual(401);
      expect(history.step).toBe(5 + all.length);
      let first = 0;
      for (const { step, mean, least, most } of stretches) {
        const own = all.slice(first, step - 5);
        first = step - 5;
        expect(mean).toBeCloseTo(own.reduce((sum, loss) => sum + loss, 0) / own.length, 6);
        expect(least).toBe(Math.min(...own));
        expect(most).toBe(Math.max(...own));
      }
      expect(first).toBe(all.length);
    }),
  );
});

test('the loss that is shown is that of the latest steps', () => {
  expect(recentLoss(emptyHistory())).toBeUndefined();
  const falling = withLosses(emptyHistory(), [...Array(100).fill(9), ...Array(20).fill(1)]);
  expect(recentLoss(falling)).toBe(1);
});

test('ticks of a logarithmic scale are round and few', () => {
  expect(logTicks(0.29, 16)).toEqual([0.5, 1, 2, 5, 10]);
  expect(logTicks(1e-4, 3e2)).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100]);
});

test('speed is that of the last seconds', () => {
  let marks = withMark([], [0, 0]);
  expect(speedOf(marks)).toBeUndefined();
  marks = withMark(marks, [9000, 10]);
  marks = withMark(marks, [11_000, 50]);
  expect(marks).toHaveLength(2);
  expect(speedOf(marks)).toBe(20);
});

test.each([
  [4.4, '4 s'],
  [185, '3:05 min'],
  [7800, '2:10 h'],
  [Number.POSITIVE_INFINITY, '–'],
])('%d seconds read %s', (seconds, words) => {
  expect(showSeconds(seconds)).toBe(words);
});
