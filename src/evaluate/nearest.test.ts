import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { nearestExamples } from './nearest.ts';

test('finds what a plain search over full distances finds', () => {
  const dimension = 150;
  const samples = new Float32Array(7 * dimension);
  const examples = new Float32Array(40 * dimension);
  fillNormal(randomKey(1), 0, samples);
  fillNormal(randomKey(1), 1, examples);
  const distance = (row: number, i: number) => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      sum += (samples[row * dimension + k]! - examples[i * dimension + k]!) ** 2;
    }
    return Math.sqrt(sum);
  };
  nearestExamples(samples, examples, dimension).forEach((found, row) => {
    const all = Array.from({ length: 40 }, (_, i) => distance(row, i));
    expect(found.distance).toBeCloseTo(Math.min(...all), 6);
    expect(found.index).toBe(all.indexOf(Math.min(...all)));
  });
});

test('a copy is its own nearest, at distance 0', () => {
  const examples = Float32Array.of(0, 0, 3, 4, 6, 8);
  expect(nearestExamples(Float32Array.of(3, 4), examples, 2)).toEqual([{ index: 1, distance: 0 }]);
});

test('refuses arrays that are no whole rows', () => {
  expect(() => nearestExamples(new Float32Array(3), new Float32Array(4), 2)).toThrow(
    /no whole rows/,
  );
});
