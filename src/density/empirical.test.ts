import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { fillNormal, randomKey } from '../random.ts';
import { empirical } from './empirical.ts';
import { mixture } from './mixture.ts';
import { difference, rowAt, valueAt } from './testing.ts';

describe('empirical', () => {
  // 11 points: two blocks of four and a rest.
  const points = new Float64Array(33);
  fillNormal(randomKey(2), 0, points);
  const density = empirical(points, 3);

  test.each([0.05, 0.3, 1, 20])('at σ̃ = %s it is the softmax over its points', (sigma) => {
    const smoothed = density.smooth(sigma);
    for (const z of [
      [0.1, -0.2, 0.5],
      [2, 1, -1],
    ]) {
      const logits = Array.from({ length: 11 }, (_, k) => {
        const squares = z.reduce((sum, value, i) => sum + (value - points[3 * k + i]!) ** 2, 0);
        return -squares / (2 * sigma * sigma);
      });
      const largest = Math.max(...logits);
      const shares = logits.map((logit) => Math.exp(logit - largest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      const mean = z.map(
        (_, i) => shares.reduce((sum, share, k) => sum + share * points[3 * k + i]!, 0) / total,
      );
      const log = largest + Math.log(total / 11) - (3 / 2) * Math.log(2 * Math.PI * sigma * sigma);
      expect(difference(rowAt(smoothed.denoise, z), mean)).toBeLessThan(1e-13);
      expect(difference([valueAt(smoothed.logDensity, z)], [log])).toBeLessThan(1e-13);
      const score = mean.map((value, i) => (value - z[i]!) / (sigma * sigma));
      expect(difference(rowAt(smoothed.score, z), score)).toBeLessThan(1e-11);
    }
  });

  test('it is a mixture of one narrow Gaussian a point', () => {
    const rows = Array.from({ length: 11 }, (_, k) => [...points.subarray(3 * k, 3 * k + 3)]);
    const width = 1e-7;
    const narrow = mixture({
      weights: rows.map(() => 1 / 11),
      means: rows,
      covariances: rows.map(() => [
        [width, 0, 0],
        [0, width, 0],
        [0, 0, width],
      ]),
    });
    const z = [0.4, 0.2, -0.3];
    const expected = rowAt(narrow.smooth(Math.sqrt(0.25 - width)).score, z);
    expect(difference(rowAt(density.smooth(0.5).score, z), expected)).toBeLessThan(1e-12);
  });

  test('draws are points, each as often as the others', () => {
    const n = 11_000;
    const x = density.sample(randomKey(3), n);
    const counts = new Map<number, number>();
    for (let i = 0; i < n; i++) counts.set(x[3 * i]!, (counts.get(x[3 * i]!) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([...points.filter((_, i) => i % 3 === 0)].sort());
    let chi = 0;
    for (const count of counts.values()) chi += (count - 1000) ** 2 / 1000;
    // χ² with 10 degrees of freedom exceeds 29.59 with probability 0.001.
    expect(chi).toBeLessThan(29.59);
  });

  test('accurate far from the origin, in float32', () => {
    const shifted = Float32Array.of(1000, 1000, 1001, 1000);
    const [x] = rowAt(empirical(shifted, 2).smooth(0.5).denoise, [1000.5, 1000]);
    expect(x).toBeCloseTo(1000.5, 12);
  });

  test('bad input', () => {
    const bad = () => empirical(Float64Array.of(0, 1, 2, Number.NaN), 2);
    expect(bad).toThrow(UserError);
    expect(bad).toThrow(/^points: row 1, column 1 is NaN, not a finite number$/);
    expect(() => empirical(new Float64Array(0), 2)).toThrow(/^points: there are none/);
    expect(() => empirical(points, 2)).toThrow(/^points: 33 numbers do not fill rows of 2/);
    expect(() => empirical(points, 0)).toThrow(/^points: their dimension is 0/);
    expect(() => density.smooth(0)).toThrow(/^sigma: 0 is not a noise level/);
  });
});
