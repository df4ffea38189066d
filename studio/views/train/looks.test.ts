import { expect, test } from 'vitest';
import { errorCurve, type Look, withLook } from './looks.ts';

const look = (step: number, scoreError?: number): Look => ({
  step,
  learned:
    scoreError === undefined
      ? undefined
      : { arrows: [], jumps: [], scoreError, excess: scoreError },
  samples: undefined,
  problem: undefined,
});

test('looks cover all of the time, the first and the last among them', () => {
  let looks: readonly Look[] = [];
  for (let step = 0; step <= 1000; step += 5) looks = withLook(looks, look(step));
  expect(looks.length).toBeLessThanOrEqual(49);
  expect(looks[0]!.step).toBe(0);
  expect(looks.at(-1)!.step).toBe(1000);
  const gaps = looks.slice(1).map(({ step }, k) => step - looks[k]!.step);
  expect(Math.max(...gaps)).toBeLessThan(1000 / 8);
});

test('a look at the same step, or after going back, takes the place of what was there', () => {
  const looks = [look(0), look(50), look(100)];
  expect(withLook(looks, look(100, 0.5)).map(({ step }) => step)).toEqual([0, 50, 100]);
  expect(withLook(looks, look(60)).map(({ step }) => step)).toEqual([0, 50, 60]);
});

test('the curve has the looks that know the exact score', () => {
  expect(errorCurve([look(0, 1), look(5), look(9, 0.2)])).toEqual([
    { step: 0, error: 1 },
    { step: 9, error: 0.2 },
  ]);
});
