import fc from 'fast-check';
import { expect, test } from 'vitest';
import { symmetricSum } from './sums.ts';

const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7, maxLength: 7 });
const terms = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: 7, maxLength: 7 });

for (const [name, value] of [
  ['float32', fc.float({ noNaN: false, min: -1e6, max: 1e6 })],
  ['float64', fc.double({ noNaN: false, min: -1e200, max: 1e200 })],
] as const) {
  test(`${name}: one sum for every order, terms of any size`, () => {
    fc.assert(
      fc.property(orders, terms(value), (order, values) => {
        const from = name === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
        const other = from.map((_, i) => from[order[i]!]!);
        expect(symmetricSum(other, 0, 7, 1)).toBe(symmetricSum(from, 0, 7, 1));
      }),
      { numRuns: 2000 },
    );
  });
}

test('the sum is the rounded true sum, checked with whole numbers', () => {
  fc.assert(
    fc.property(terms(fc.maxSafeInteger()), (values) => {
      const total = values.reduce((sum, value) => sum + BigInt(value), 0n);
      const sum = symmetricSum(Float64Array.from(values), 0, 7, 1);
      const off = BigInt(sum) - total;
      // Within one unit in the last place of the sum.
      expect(Math.abs(Number(off))).toBeLessThanOrEqual(Math.abs(Number(total)) * 2 ** -52);
    }),
  );
  expect(symmetricSum(Float64Array.of(1, 9, 2 ** -80, 9, -1, 9), 0, 3, 2)).toBe(2 ** -80);
});

test('strides, NaN and infinities', () => {
  expect(symmetricSum(Float32Array.of(1, 2, 3, 4, 5, 6), 1, 3, 2)).toBe(12);
  expect(symmetricSum(Float64Array.of(1, Number.NaN, 2), 0, 3, 1)).toBeNaN();
  expect(symmetricSum(Float64Array.of(1, Infinity, 2), 0, 3, 1)).toBe(Infinity);
  expect(symmetricSum(new Float64Array(3), 0, 3, 1)).toBe(0);
});
