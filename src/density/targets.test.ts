import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { randomKey } from '../random.ts';
import { findTarget, targetNames } from './targets.ts';
import { valueAt } from './testing.ts';

describe.each(targetNames)('%s', (name) => {
  const density = findTarget(name);

  test('lies in the plane, its weights sum to one, its draws are centred', () => {
    expect(density.dimension).toBe(2);
    expect(density.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    const [n, x] = [4000, density.sample(randomKey(1), 4000)];
    for (const i of [0, 1]) {
      const own = x.filter((_, at) => at % 2 === i);
      const mean = own.reduce((sum, value) => sum + value, 0) / n;
      const deviation = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0) / n);
      expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(n));
    }
  });

  test('is normalised, by quadrature over a grid', () => {
    const smoothed = density.smooth(name === 'funnel' ? 1 : 0.2);
    // The funnel's mouth reaches far: wide cells there, for the trapezoidal rule on a smooth
    // density.
    const [width, height, step] = name === 'funnel' ? [14, 400, 0.5] : [8, 8, 0.1];
    const columns = Math.round((2 * width) / step);
    const rows = Math.round((2 * height) / step);
    const z = new Float64Array(2 * columns * rows);
    for (let k = 0; k < columns * rows; k++) {
      z[2 * k] = (k % columns) * step - width;
      z[2 * k + 1] = Math.floor(k / columns) * step - height;
    }
    const out = new Float64Array(columns * rows);
    smoothed.logDensity(z, out);
    const mass = out.reduce((sum, log) => sum + Math.exp(log), 0) * step * step;
    expect(mass).toBeCloseTo(1, 3);
  });
});

test('the checkerboard is flat inside its squares and empty in the others', () => {
  const { logDensity } = findTarget('checkerboard').smooth(0);
  const [centre, other, empty] = [
    [1, 1],
    [-0.8, -1.1],
    [1, -1],
  ].map((z) => Math.exp(valueAt(logDensity, z)));
  expect(centre! / other!).toBeGreaterThan(0.94);
  expect(centre! / other!).toBeLessThan(1.06);
  expect(empty! / centre!).toBeLessThan(0.02);
});

test('the marginal of the funnel is N(0, 3²) within 1 % where it is not cut', () => {
  const { weights, means } = findTarget('funnel');
  for (const v of [-6, -1.03, 0, 0.4, 5.1]) {
    let density = 0;
    for (const [k, weight] of weights.entries()) {
      density +=
        (weight * Math.exp(-((v - means[k]![0]!) ** 2) / 0.18)) / Math.sqrt(0.18 * Math.PI);
    }
    const expected = Math.exp((-v * v) / 18) / Math.sqrt(18 * Math.PI);
    expect(Math.abs(density / expected - 1)).toBeLessThan(0.01);
  }
});

test('an unknown name is refused with the nearest', () => {
  const find = () => findTarget('two-moon');
  expect(find).toThrow(UserError);
  expect(find).toThrow(
    /^density: there is no "two-moon"; the names are eight-gaussians, [^\n]+ Did you mean "two-moons"\?$/,
  );
  expect(() => findTarget('constructor')).toThrow(UserError);
});
