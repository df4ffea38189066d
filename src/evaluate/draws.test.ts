import { expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { checkDraws, coordinateOf, meanOf, splitChains, varianceOf } from './draws.ts';

test('reads one coordinate of every chain', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i);
  const chains = coordinateOf({ data, shape: [2, 3, 2] }, 1);
  expect(chains.map((chain) => [...chain])).toEqual([
    [1, 3, 5],
    [7, 9, 11],
  ]);
});

test('an odd chain loses its middle draw when split', () => {
  expect(splitChains([Float64Array.of(1, 2, 3, 4, 5)]).map((half) => [...half])).toEqual([
    [1, 2],
    [4, 5],
  ]);
});

test('a constant series has its value as mean and no variance, to the last bit', () => {
  const series = new Float64Array(1001).fill(0.1);
  expect(meanOf(series)).toBe(0.1);
  expect(varianceOf(series)).toBe(0);
});

test('variance far from 0 keeps its digits', () => {
  expect(varianceOf([1e9, 1e9 + 1, 1e9 + 2])).toBe(1);
});

test.each([
  [2, 2, Number.NaN, anError('invalid', { chain: 1, draw: 0, coordinate: 2, value: Number.NaN })],
  [2, 5, 0, anError('invalid', { diagnostic: 'x', draws: 2, least: 5 })],
  [2.5, 2, 0, anError('shape', { shape: [2, 2.5, 3] })],
  [3, 2, 0, anError('shape', { shape: [2, 3, 3], values: 12 })],
])('refuses %s draws where %s are needed, one being %s', (draws, needed, value, error) => {
  const data = new Float32Array(12);
  data[8] = value;
  const check = () => checkDraws('x', { data, shape: [2, draws, 3] }, needed);
  expect(check).toThrow(error);
});
