import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { randomKey } from '../random.ts';
import { drawPoisson } from './draws.ts';
import { estimateFromRatio } from './estimator.ts';
import { poissonNoise, sampleMeasurements } from './noise.ts';
import { poisson } from './poisson.ts';
import { difference, rowAt, valueAt } from './testing.ts';

const parameters = {
  weights: [0.3, 0.7],
  intensities: [
    [0.5, 2],
    [3, 1],
  ],
};

/** Probability of n counts at a mean, by the product of its definition. */
function probability(n: number, mean: number): number {
  let value = Math.exp(-mean);
  for (let k = 1; k <= n; k++) value *= mean / k;
  return value;
}

const cases = fc.integer({ min: 1, max: 3 }).chain((d) =>
  fc.integer({ min: 1, max: 3 }).chain((measurements) =>
    fc.record({
      d: fc.constant(d),
      measurements: fc.constant(measurements),
      rate: fc.double({ min: 0.2, max: 3, noNaN: true }),
      weight: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
      intensities: fc.array(
        fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: d, maxLength: d }),
        { minLength: 2, maxLength: 2 },
      ),
      y: fc.array(fc.nat({ max: 12 }), {
        minLength: measurements * d,
        maxLength: measurements * d,
      }),
    }),
  ),
);

describe('poisson', () => {
  test('pmf, estimator and the ratio identity, against the sums written out', () => {
    fc.assert(
      fc.property(cases, ({ d, measurements, rate, weight, intensities, y }) => {
        const weights = [weight, 1 - weight];
        const exact = poisson({ weights, intensities }).observe(measurements, rate);
        const terms = (at: readonly number[]) =>
          weights.map((w, k) =>
            at.reduce((p, n, j) => p * probability(n, rate * intensities[k]![j % d]!), w),
          );
        const mass = (at: readonly number[]) => terms(at).reduce((sum, term) => sum + term, 0);
        expect(difference([valueAt(exact.logDensity, y)], [Math.log(mass(y))])).toBeLessThan(1e-12);
        expect(valueAt(exact.energy, y)).toBe(-valueAt(exact.logDensity, y));

        const mean = Array.from(
          { length: d },
          (_, l) =>
            terms(y).reduce((sum, term, k) => sum + term * intensities[k]![l]!, 0) / mass(y),
        );
        expect(difference(rowAt(exact.estimate, y, d), mean)).toBeLessThan(1e-12);

        const raised = y.map((_, at) => y.map((n, j) => (at === j ? n + 1 : n)));
        const brute = raised.map((at) => Math.log(mass(at) / mass(y)));
        expect(difference(rowAt(exact.logRatio, y), brute)).toBeLessThan(1e-11);
        // The identity, from an energy without its normaliser, for every measurement.
        const energies = Float64Array.from(
          raised,
          (at) => valueAt(exact.energy, y) + 7 - (valueAt(exact.energy, at) + 7),
        );
        for (let m = 0; m < measurements; m++) {
          const out = new Float64Array(d);
          estimateFromRatio(energies, Float64Array.from(y), exact.noise, m, d, out);
          expect(difference(out, mean)).toBeLessThan(1e-11);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('probabilities sum to one and average to E x, by enumeration', () => {
    const exact = poisson(parameters).observe(1);
    let [total, first] = [0, 0];
    for (let a = 0; a < 40; a++) {
      for (let b = 0; b < 40; b++) {
        const p = Math.exp(valueAt(exact.logDensity, [a, b]));
        total += p;
        first += p * rowAt(exact.estimate, [a, b])[0]!;
      }
    }
    expect(total).toBeCloseTo(1, 12);
    expect(first).toBeCloseTo(0.3 * 0.5 + 0.7 * 3, 12);
    expect(valueAt(exact.logDensity, [0.5, 1])).toBe(Number.NEGATIVE_INFINITY);
    expect(valueAt(exact.logDensity, [-1, 1])).toBe(Number.NEGATIVE_INFINITY);
  });

  test('the sum of M measurements at rate λ is one measurement at rate Mλ', () => {
    const density = poisson(parameters);
    const many = rowAt(density.observe(3, 0.5).estimate, [1, 2, 0, 1, 4, 1], 2);
    expect(difference(many, rowAt(density.observe(1, 1.5).estimate, [5, 4]))).toBeLessThan(1e-15);
  });

  test('counts drawn follow the pmf: χ² at size 0.001', () => {
    const n = 20_000;
    const density = poisson({ ...parameters, rate: 2 });
    const x = density.sample(randomKey(1), n);
    const exact = density.observe(1);
    const y = sampleMeasurements(exact.noise, x, 2, randomKey(2));
    const counts = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      const at = `${y[2 * i]},${y[2 * i + 1]}`;
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
    let [chi, cells, rest, restSeen] = [0, 0, n, n];
    for (let a = 0; a < 30; a++) {
      for (let b = 0; b < 30; b++) {
        const expected = n * Math.exp(valueAt(exact.logDensity, [a, b]));
        if (expected < 10) continue;
        const seen = counts.get(`${a},${b}`) ?? 0;
        chi += (seen - expected) ** 2 / expected;
        cells++;
        rest -= expected;
        restSeen -= seen;
      }
    }
    chi += (restSeen - rest) ** 2 / rest;
    // χ² with `cells` degrees of freedom: Wilson & Hilferty's 99.9 % point.
    const limit = cells * (1 - 2 / (9 * cells) + 3.09 * Math.sqrt(2 / (9 * cells))) ** 3;
    expect(cells).toBeGreaterThan(50);
    expect(chi).toBeLessThan(limit);
  });

  test.each([0.01, 0.8, 7.3, 500])(
    'inversion at mean %s: moments on a grid of uniforms',
    (mean) => {
      const n = 20_001;
      let [first, second] = [0, 0];
      for (let i = 0; i < n; i++) {
        const count = drawPoisson((i + 0.5) / n, mean);
        expect(Number.isInteger(count) && count >= 0).toBe(true);
        first += count / n;
        second += (count - mean) ** 2 / n;
      }
      // A grid of 20,001 uniforms misses at most the tails beyond 1/20,001 and the ends of its
      // cells.
      expect(Math.abs(first / mean - 1)).toBeLessThan(0.005);
      expect(Math.abs(second / mean - 1)).toBeLessThan(0.02);
    },
  );

  test.each([
    [{ weights: [0.5, 0.6] }, /^weights: they sum to 1.1, not to 1/],
    [
      {
        intensities: [
          [1, 2],
          [0, 1],
        ],
      },
      /^intensities\[1\]\[0\]: 0 is not an intensity; [^\n]+$/,
    ],
    [{ intensities: [[1, 2], [1]] }, /^intensities\[1\]: has 1 number, but [^\n]+ dimension 2$/],
    [{ intensities: [] }, /^intensities: is empty/],
    [{ rate: 0 }, /^rate: 0 is not a rate of counts; give a finite number above 0$/],
  ])('refuses %j', (change, message) => {
    expect(() => poisson({ ...parameters, ...change })).toThrow(UserError);
    expect(() => poisson({ ...parameters, ...change })).toThrow(message);
    expect(() => poissonNoise(1, 0)).toThrow(/^measurements: 0 is not/);
  });
});
