import { expect, test } from 'vitest';
import { addFrame, emptyHistory, KEPT, rested } from './history.ts';

const frame = (step: number, values = 2) => ({
  step,
  seconds: 0.1,
  ybar: new Float32Array(values),
  xhat: new Float32Array(values),
});
const at = (now: number, jump = 0) => ({ calls: { step: 2, jump }, now });

test('frames, score calls and the rate of a walk', () => {
  let history = addFrame(emptyHistory, frame(5), at(1000));
  expect(history.rate).toBeUndefined();
  history = addFrame(history, frame(10), at(1500));
  expect(history.frames.map(({ step }) => step)).toEqual([5, 10]);
  // Two calls a step.
  expect(history.scoreCalls).toBe(20);
  expect(history.rate).toBe(10);
  history = addFrame(history, frame(15), at(1750));
  expect(history.rate).toBeCloseTo(0.8 * 10 + 0.2 * 20);
});

test('a rest counts for nothing', () => {
  const before = rested(addFrame(emptyHistory, frame(5), at(1000)));
  const after = addFrame(before, frame(10), at(90_000));
  expect(after.rate).toBeUndefined();
  expect(addFrame(after, frame(15), at(90_500)).rate).toBe(10);
});

test.each([
  ['begins again', frame(5)],
  ['has other chains', frame(20, 4)],
])('a walk that %s has a history of its own', (_, next) => {
  const before = addFrame(addFrame(emptyHistory, frame(5), at(0)), frame(10), at(1));
  const after = addFrame(before, next, at(2));
  expect(after.frames).toEqual([next]);
  expect(after.scoreCalls).toBe(2 * next.step);
});

test('the oldest frames go', () => {
  let history = emptyHistory;
  for (let step = 1; step <= KEPT + 3; step++) history = addFrame(history, frame(step), at(step));
  expect(history.frames).toHaveLength(KEPT);
  expect(history.frames[0]!.step).toBe(4);
  expect(history.scoreCalls).toBe(2 * (KEPT + 3));
});

test('a jump may have score calls of its own beside those of its steps', () => {
  const first = addFrame(emptyHistory, frame(5), at(0, 3));
  expect(first.scoreCalls).toBe(2 * 5 + 3);
  expect(addFrame(first, frame(10), at(1, 3)).scoreCalls).toBe(2 * (2 * 5 + 3));
});
