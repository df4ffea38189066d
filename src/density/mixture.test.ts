import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { fillNormal, randomKey } from '../random.ts';
import { exactDenoiser, sampleSmoothed } from './density.ts';
import { mixture } from './mixture.ts';
import { difference, jointLogDensity, mixtures, rowAt, slopes, valueAt } from './testing.ts';

const identity = [
  [1, 0],
  [0, 1],
];

describe('mixture', () => {
  test('smoothed at any noise, 0 included, it is the dense mixture', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((d) =>
          fc.record({
            parameters: mixtures(d),
            z: fc.array(fc.double({ min: -6, max: 6, noNaN: true }), {
              minLength: d,
              maxLength: d,
            }),
          }),
        ),
        fc.constantFrom(0, 0.2, 1, 5),
        ({ parameters, z }, sigma) => {
          const smoothed = mixture(parameters).smooth(sigma);
          const joint = (at: readonly number[]) => jointLogDensity(parameters, [sigma], at);
          expect(difference([valueAt(smoothed.logDensity, z)], [joint(z)])).toBeLessThan(1e-11);
          const score = rowAt(smoothed.score, z);
          expect(difference(score, slopes(joint, z))).toBeLessThan(2e-5);
          const expected = z.map((value, i) => value + sigma * sigma * score[i]!);
          expect(difference(rowAt(smoothed.denoise, z), expected)).toBeLessThan(1e-14);
          expect(valueAt(smoothed.energy, z)).toBe(-valueAt(smoothed.logDensity, z));
        },
      ),
      { numRuns: 150 },
    );
  });

  const parameters = {
    weights: [0.3, 0.7],
    means: [
      [-2, 0],
      [2, 1],
    ],
    covariances: [
      [
        [1, 0.6],
        [0.6, 0.5],
      ],
      [
        [0.3, -0.1],
        [-0.1, 0.8],
      ],
    ],
  };

  test('ν is E[x | ȳ]: by importance weights on exact samples, within 4 standard errors', () => {
    const density = mixture(parameters);
    const n = 40_000;
    const x = density.sample(randomKey(5), n);
    const [z, sigma] = [[0.4, 0.7], 0.8] as const;
    const weights = Array.from({ length: n }, (_, i) =>
      Math.exp(-((x[2 * i]! - z[0]) ** 2 + (x[2 * i + 1]! - z[1]) ** 2) / (2 * sigma ** 2)),
    );
    const total = weights.reduce((sum, w) => sum + w, 0);
    for (const [i, exact] of rowAt(density.smooth(sigma).denoise, z).entries()) {
      const mean = weights.reduce((sum, w, k) => sum + w * x[2 * k + i]!, 0) / total;
      const error = Math.sqrt(
        weights.reduce((sum, w, k) => sum + (w * (x[2 * k + i]! - mean)) ** 2, 0),
      );
      expect(Math.abs(mean - exact)).toBeLessThan((4 * error) / total);
    }
  });

  test('samples: moments within 4 standard errors, and a prefix is a prefix', () => {
    const density = mixture(parameters);
    const n = 50_000;
    const x = density.sample(randomKey(6), n);
    expect(density.sample(randomKey(6), 7)).toEqual(x.slice(0, 14));
    // E x = (0.8, 0.7); the covariance is Σ w (C + μμᵀ) − E x E xᵀ.
    const means = [0.8, 0.7];
    const covariance = [
      0.3 * (1 + 4) + 0.7 * (0.3 + 4) - 0.64,
      0.3 * 0.6 + 0.7 * (-0.1 + 2) - 0.56,
      0.3 * 0.5 + 0.7 * (0.8 + 1) - 0.49,
    ];
    const sums = [0, 0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const [a, b] = [x[2 * i]! - 0.8, x[2 * i + 1]! - 0.7];
      for (const [k, term] of [a, b, a * a, a * b, b * b].entries()) sums[k]! += term / n;
    }
    for (const i of [0, 1]) {
      const error = Math.sqrt(covariance[2 * i]! / n);
      expect(Math.abs(sums[i]!), `mean ${means[i]}`).toBeLessThan(4 * error);
    }
    for (const i of [0, 1, 2]) {
      // Var of a product is below E a² b² ≤ kurtosis 3 of each: a generous √(4 · 5²/n).
      expect(Math.abs(sums[2 + i]! - covariance[i]!)).toBeLessThan(4 * Math.sqrt(100 / n));
    }
  });

  test('ȳ is x plus noise σ̃', () => {
    const { x, ybar } = sampleSmoothed(mixture(parameters), 0.5, randomKey(8), 20_000);
    const variance = ybar.reduce((sum, y, i) => sum + (y - x[i]!) ** 2, 0) / ybar.length;
    expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(4 * Math.sqrt(2 / ybar.length));
  });

  test('far from every component the log-sum-exp holds, and NaN stays NaN', () => {
    const smoothed = mixture(parameters).smooth(1);
    expect(valueAt(smoothed.logDensity, [1e6, 0])).toBeLessThan(-1e11);
    expect(rowAt(smoothed.score, [1e6, 0]).every(Number.isFinite)).toBe(true);
    expect(rowAt(smoothed.score, [Number.NaN, 0])).toEqual([Number.NaN, Number.NaN]);
    expect(valueAt(smoothed.logDensity, [Number.POSITIVE_INFINITY, 0])).toBeNaN();
  });

  test('a batch is its rows, in float32 too, in place too', () => {
    const smoothed = mixture(parameters).smooth(0.5);
    const z = new Float32Array(10);
    fillNormal(randomKey(1), 0, z);
    const out = new Float32Array(10);
    smoothed.denoise(z, out);
    for (let row = 0; row < 5; row++) {
      const own = rowAt(smoothed.denoise, [...z.subarray(2 * row, 2 * row + 2)]);
      expect(out.subarray(2 * row, 2 * row + 2)).toEqual(Float32Array.from(own));
    }
    smoothed.denoise(z, z);
    expect(z).toEqual(out);
    expect(() => smoothed.score(z.subarray(1), out)).toThrow(/not a multiple of 2/);
  });
});

describe('bad input', () => {
  const good = {
    weights: [0.5, 0.5],
    means: [
      [0, 0],
      [1, 1],
    ],
    covariances: [identity, identity],
  };
  test.each([
    [{ weights: [0.5, 0.4] }, /^weights: they sum to 0.9, not to 1; divide each by 0.9$/],
    [{ weights: [1.5, -0.5] }, /^weights\[1\]: -0.5 is below 0; give 0 or more$/],
    [{ weights: [1] }, /^weights: has 1 number, but means has 2; [^\n]+$/],
    [{ weights: [Number.NaN, 1] }, /^weights\[0\]: NaN is not a finite number$/],
    [{ means: [[0, 0], [1]] }, /^means\[1\]: has 1 number, but the density has dimension 2$/],
    [{ means: [] }, /^means: is empty; [^\n]+$/],
    [{ covariances: [identity] }, /^covariances: has 1, but means has 2; [^\n]+$/],
    [{ covariances: [identity, [[1]]] }, /^covariances\[1\]: has 1 rows?, but [^\n]+$/],
    [
      {
        covariances: [
          identity,
          [
            [1, 2],
            [2, 1],
          ],
        ],
      },
      /^covariances\[1\]: not positive semidefinite: its smallest eigenvalue is -1; none may be below 0$/,
    ],
    [
      {
        covariances: [
          identity,
          [
            [1, 1.1],
            [1.1, 1],
          ],
        ],
      },
      /^covariances\[1\]: not positive semidefinite: its smallest eigenvalue is \S+; [^\n]+$/,
    ],
    [
      {
        covariances: [
          [
            [1, 0.5],
            [0.4, 1],
          ],
          identity,
        ],
      },
      /^covariances\[0\]: not symmetric: \[1\]\[0\] is 0.4 and \[0\]\[1\] is 0.5; make them equal$/,
    ],
  ] as const)('%j', (change, message) => {
    const make = () => mixture({ ...good, ...change });
    expect(make).toThrow(UserError);
    expect(make).toThrow(message);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to smooth by %s', (sigma) => {
    expect(() => mixture(good).smooth(sigma)).toThrow(/^sigma: \S+ is not a noise level/);
    expect(() => exactDenoiser(mixture(good), sigma)).toThrow(UserError);
  });
});
