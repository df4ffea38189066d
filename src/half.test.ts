import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHalf, HALF_MAX, toHalf } from './half.ts';

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

test('every half comes back', () => {
  const isNumber = (half: number) => (half & 0x7fff) <= 0x7c00;
  const halves = all.filter(isNumber);
  expect(toHalf(fromHalf(halves))).toEqual(halves);
  expect(fromHalf(all.filter((half) => !isNumber(half))).every(Number.isNaN)).toBe(true);
  expect(toHalf(Float32Array.of(Number.NaN))[0]! & 0x7fff).toBeGreaterThan(0x7c00);
});

// IEEE 754-2008, table 3.5: 11 bits of precision, exponents −14..15.
test.each([
  [0x3c00, 1],
  [0xc000, -2],
  [0x3555, 0.333251953125],
  [0x7bff, HALF_MAX],
  [0x0400, 2 ** -14],
  [0x0001, 2 ** -24],
  [0x7c00, Number.POSITIVE_INFINITY],
])('%i is %f', (half, value) => {
  expect(fromHalf(Uint16Array.of(half))[0]).toBe(value);
});

test('ties go to even, and too much to infinity', () => {
  const halves = toHalf(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25));
  expect([...halves]).toEqual([0x3c00, 0x3c02, 0x7bff, 0x7c00, 0]);
  const tiny = toHalf(Float32Array.of(1.5 * 2 ** -24, -3 * 2 ** -25, 2 ** -14 - 2 ** -26, -0));
  expect([...tiny]).toEqual([2, 0x8002, 0x0400, 0x8000]);
});

test('no other half is nearer', () => {
  const numbers = [...fromHalf(all.filter((half) => half < 0x7c00))];
  fc.assert(
    fc.property(fc.float({ min: 0, max: HALF_MAX, noNaN: true }), (value) => {
      const at = toHalf(Float32Array.of(value))[0]!;
      const error = (i: number) => Math.abs((numbers[i] ?? Number.POSITIVE_INFINITY) - value);
      expect(error(at)).toBeLessThanOrEqual(Math.min(error(at - 1), error(at + 1)));
    }),
  );
});
