import { expect, test } from 'vitest';
import { expBelowZero, NEGLIGIBLE } from './exponential.ts';
import { logFactorial } from './log-factorial.ts';

test('e^x below 0 agrees with Math.exp', () => {
  let [absolute, relative] = [0, 0];
  for (let x = NEGLIGIBLE; x <= 0; x += 0.00137) {
    const error = Math.abs(expBelowZero(x) - Math.exp(x));
    absolute = Math.max(absolute, error);
    relative = Math.max(relative, error / Math.exp(x));
  }
  expect(absolute).toBeLessThan(4e-16);
  expect(relative).toBeLessThan(1e-14);
  expect(expBelowZero(0)).toBe(1);
  expect(expBelowZero(NEGLIGIBLE)).toBeGreaterThan(0);
  expect(expBelowZero(Number.NaN)).toBeNaN();
});

test('log n! goes on from its table into the series', () => {
  for (const n of [1, 2, 255, 256, 257, 1000]) {
    expect(logFactorial(n) - logFactorial(n - 1)).toBeCloseTo(Math.log(n), 11);
  }
  expect(logFactorial(5)).toBeCloseTo(Math.log(120), 14);
  expect([-1, 0.5, Number.NaN].map(logFactorial)).toEqual([Infinity, Infinity, Infinity]);
});
