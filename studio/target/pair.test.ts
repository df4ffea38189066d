import { expect, test } from 'vitest';
import { planeTarget, radiusOf } from './density.ts';
import { fieldPicture } from './field.ts';
import { pairHeights } from './pair.ts';
import { tickStep } from './ticks.ts';

const choice = {
  target: 'mixture',
  points: [],
  centres: [
    [-2, 1, 1, 0.6],
    [1, -1, 3, 0.3],
  ],
} as const;

/**
 * p(y₁, y₂) as the integral over x of p(x) N(y₁; x, σ²) N(y₂; x, σ²), by the rule of rectangles.
 */
function integrated(y1: number, y2: number, sigma: number): number {
  const normal = (z: number, s: number) => Math.exp((-z * z) / (2 * s * s)) / s;
  let sum = 0;
  for (let x = -12; x < 12; x += 0.002) {
    const p = 0.25 * normal(x + 2, 0.6) + 0.75 * normal(x - 1, 0.3);
    sum += p * normal(y1 - x, sigma) * normal(y2 - x, sigma);
  }
  return sum;
}

test('the density of two measurements is the integral over what they measure', () => {
  const sigma = 0.9;
  const { logDensity } = pairHeights(planeTarget(choice)!, sigma);
  const places = [
    [0, 0],
    [-2.5, -1],
    [1, 2.5],
    [3, -3],
  ];
  const out = new Float64Array(places.length);
  logDensity(Float64Array.from(places.flat()), out);
  const exact = places.map(([a, b]) => Math.log(integrated(a!, b!, sigma)));
  out.forEach((value, k) => {
    expect(value - out[0]!).toBeCloseTo(exact[k]! - exact[0]!, 5);
  });
});

test.each([0.1, 0.5, 2, 8])(
  'at σ̃ = %d what is above 4 % of the peak is in the picture',
  (sigma) => {
    for (const target of ['two-moons', 'rings', 'eight-gaussians']) {
      const radius = radiusOf(target, sigma);
      const { regions } = fieldPicture(
        planeTarget({ target, points: [], centres: [] })!,
        { sigma, radius },
        60,
      );
      // t = 2.5, where the density has fallen by exp(−t²/2).
      const outer = Math.max(...regions[3]!.flat(2).map(Math.abs));
      expect(outer).toBeLessThan(radius);
    }
  },
);

test.each([
  [4.5, 150],
  [4.5, 740],
  [34, 320],
  [10, 300],
])('numbers along an axis of ±%d on %d pixels have room', (radius, side) => {
  const step = tickStep(radius, side);
  expect((step * side) / (2 * radius)).toBeGreaterThanOrEqual(30);
  expect(radius / step).toBeGreaterThanOrEqual(1);
});
