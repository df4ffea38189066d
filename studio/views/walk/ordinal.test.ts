import { expect, test } from 'vitest';
import { ordinal } from './ordinal.ts';

test('places in a row are written as they are said', () => {
  expect([2, 4, 8, 16, 32, 512, 1, 3, 22, 8192].map(ordinal)).toEqual([
    ...['second', '4th', '8th', '16th', '32nd', '512th', '1st', '3rd', '22nd', '8192nd'],
  ]);
});
