import { expect, test } from 'vitest';
import { formatDuration } from './text.ts';

test.each([
  [0, '0s'],
  [75, '1m15s'],
  [3600, '1h0m0s'],
  [172_799, '47h59m59s'],
  [172_800, '2.0 days'],
  [27_560_974, '319 days'],
  [Number.POSITIVE_INFINITY, '…'],
])('%f s is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
