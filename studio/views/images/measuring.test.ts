import { expect, test } from 'vitest';
import { measuringWords } from './measuring.ts';

test('a jump says which of its measurements are walked', () => {
  const of = (measured: number) => measuringWords(10, { measured, measurements: 10 });
  expect([0, 1, 2, 4, 8].map(of)).toEqual([
    '1 of 10',
    '2 of 10',
    '3–4 of 10',
    '5–8 of 10',
    '9–10 of 10',
  ]);
  expect(measuringWords(10)).toBe('10 of 10');
  // Of the walk before a change.
  expect(measuringWords(4, { measured: 8, measurements: 10 })).toBe('4 of 4');
});
