import { describe, expect, test } from 'vitest';
import { dropConditions, fillLevels, shownLevels } from './told.ts';

const range = { from: 0.2, to: 1.6 };

describe('noise levels of a batch', () => {
  const draw = (levels: Parameters<typeof fillLevels>[0], index: number, rows = 64, seed = 3) => {
    const out = new Float32Array(rows);
    fillLevels(levels, { seed, index }, out);
    return out;
  };

  test('are spread evenly over the logarithm, one in each of as many parts as there are examples', () => {
    const parts = Array.from(draw(range, 5), (sigma) =>
      Math.floor((64 * Math.log(sigma / range.from)) / Math.log(range.to / range.from) + 1e-4),
    );
    expect(new Set(parts).size).toBe(64);
  });

  test('of a set come equally often', () => {
    const values = [0.25, 0.5, 1, 2];
    const counts = values.map(
      (value) => draw({ values }, 1).filter((sigma) => sigma === value).length,
    );
    expect(counts).toEqual([16, 16, 16, 16]);
  });

  test('are a function of seed and batch', () => {
    expect(draw(range, 5)).toEqual(draw(range, 5));
    expect(draw(range, 6)).not.toEqual(draw(range, 5));
    expect(draw(range, 5, 64, 4)).not.toEqual(draw(range, 5));
  });

  test('of one example alone are log-uniform: Kolmogorov–Smirnov, in error once in 1,000', () => {
    const n = 2000;
    const places = Array.from(
      { length: n },
      (_, i) => Math.log(draw(range, i, 1)[0]! / range.from) / Math.log(8),
    ).sort((a, b) => a - b);
    const apart = Math.max(...places.map((place, i) => Math.abs(place - (i + 0.5) / n)));
    expect(apart).toBeLessThan(1.95 / Math.sqrt(n));
  });
});

test('a loss is shown at both ends and between', () => {
  expect(shownLevels(range).map((sigma) => Number(sigma.toFixed(6)))).toEqual([0.2, 0.4, 0.8, 1.6]);
  expect(shownLevels({ values: [0.25, 0.5, 1, 2, 4, 8] }, 3)).toEqual([0.25, 2, 8]);
  expect(shownLevels({ values: [0.5] })).toEqual([0.5]);
});

describe('conditions are dropped', () => {
  test('as often as said, within five deviations', () => {
    const condition = { type: 'class', classes: 3, dropout: 0.1 } as const;
    const values = new Float32Array(10_000).fill(2);
    dropConditions(condition, { seed: 1, index: 2 }, values);
    const dropped = values.filter((value) => value === -1).length;
    expect(Math.abs(dropped - 1000)).toBeLessThan(5 * Math.sqrt(900));
    expect(values.filter((value) => value === 2)).toHaveLength(10_000 - dropped);
  });

  test('a vector as a whole', () => {
    const condition = { type: 'vector', size: 2, dropout: 0.5 } as const;
    const values = new Float32Array(200).fill(1);
    dropConditions(condition, { seed: 1, index: 2 }, values);
    const sums = Array.from({ length: 100 }, (_, i) => values[2 * i]! + values[2 * i + 1]!);
    expect(new Set(sums)).toEqual(new Set([0, 2]));
  });
});
