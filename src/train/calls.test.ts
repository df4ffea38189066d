import { expect, test } from 'vitest';
import { callSize } from './calls.ts';

const call = (seconds: number, microBatches: number, copied = 1e6) =>
  callSize({ copied, microBatches, seconds });

test('what is not known to be fast is tried by one part', () => {
  const unknown = Number.POSITIVE_INFINITY;
  expect(call(unknown, 1)).toEqual({ steps: 1, parts: 1 });
  expect(call(unknown, 8)).toEqual({ steps: 1, parts: 1 });
});

test('an update whose parts are fast is one call, one whose parts are slow is several', () => {
  expect(call(0.01, 8)).toEqual({ steps: 1, parts: 8 });
  expect(call(0.2, 8)).toEqual({ steps: 1, parts: 2 });
  expect(call(3, 8)).toEqual({ steps: 1, parts: 1 });
});

test('much state makes longer calls, of whole updates where they are more than one', () => {
  // 0.75 GB take a second to copy: 3 % of 33.3 s, of which 10 s are the longest call.
  expect(call(0.1, 1, 0.75e9)).toEqual({ steps: 100, parts: 100 });
  expect(call(0.1, 8, 0.75e9)).toEqual({ steps: 12, parts: 96 });
  expect(call(0.1, 200, 0.75e9)).toEqual({ steps: 1, parts: 100 });
  // 0.075 GB: 3.3 s.
  expect(call(1, 1, 0.075e9)).toEqual({ steps: 4, parts: 4 });
});
