import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { positionsFrom } from './initial.ts';

const start = { examples: Float32Array.of(1, -2), chains: 3, measurements: 2, sigma: 0.5, seed: 4 };

test('positions are examples with noise of σ, the same in any batch', () => {
  const y = positionsFrom(start, 2);
  expect(y.length).toBe(12);
  const later = positionsFrom({ ...start, chains: 2, firstChain: 1 }, 2);
  expect(later).toEqual(y.slice(4));
  const still = positionsFrom({ ...start, sigma: 1e-9 }, 2);
  still.forEach((value, i) => {
    expect(value).toBeCloseTo(i % 2 === 0 ? 1 : -2, 6);
  });
  const own = Float32Array.of(0, 0, 5, 5, 9, 9);
  const each = positionsFrom({ ...start, examples: own, sigma: 1e-9 }, 2);
  const rounded = [each[0]!, each[4]!, each[8]!].map((value) => Math.round(value) + 0);
  expect(rounded).toEqual([0, 5, 9]);
});

test('the noise has the deviation asked for', () => {
  const chains = 10_000;
  const y = positionsFrom({ ...start, chains, measurements: 1 }, 2);
  let variance = 0;
  for (let i = 0; i < y.length; i++) variance += (y[i]! - (i % 2 === 0 ? 1 : -2)) ** 2 / y.length;
  // 4.5 standard errors.
  expect(Math.abs(variance - 0.25)).toBeLessThan(4.5 * 0.25 * Math.sqrt(2 / y.length));
});

test.each([
  [{ examples: new Float32Array(4) }, { length: 4, dimension: 2 }],
  [{ examples: Float32Array.of(0, Number.NaN) }, { index: 1 }],
])('refuses %j', (change, facts) => {
  const call = () => positionsFrom({ ...start, ...change }, 2);
  expect(call).toThrow(UserError);
  try {
    call();
  } catch (error) {
    expect(error).toMatchObject({ facts: { option: 'initial', ...facts } });
  }
});
