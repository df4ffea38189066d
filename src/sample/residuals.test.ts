import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { chainNoise } from './noise.ts';
import { drawMeasurements } from './residuals.ts';

describe('drawMeasurements', () => {
  test('keeps ȳ, and residuals have the covariance σ²(δ_mn − 1/M)', () => {
    const [chains, d, measurements, sigma] = [20_000, 2, 3, 0.7];
    const ybar = Float32Array.from({ length: chains * d }, (_, i) => 0.1 * (i % 5));
    const y = drawMeasurements(ybar, { measurements, sigma, step: 9 }, chainNoise(2, chains));
    expect(y).toHaveLength(chains * measurements * d);
    const moments = new Float64Array(6 * 6);
    for (let c = 0; c < chains; c++) {
      for (let i = 0; i < d; i++) {
        let mean = 0;
        for (let m = 0; m < measurements; m++) mean += y[(c * measurements + m) * d + i]! / 3;
        expect(Math.abs(mean - ybar[c * d + i]!)).toBeLessThan(2e-7);
      }
      const residual = Array.from({ length: 6 }, (_, k) => y[c * 6 + k]! - ybar[c * d + (k % d)]!);
      residual.forEach((a, j) => {
        residual.forEach((b, k) => {
          moments[6 * j + k]! += (a * b) / chains;
        });
      });
    }
    const exact = (j: number, k: number) =>
      j % d === k % d ? sigma ** 2 * ((j === k ? 1 : 0) - 1 / measurements) : 0;
    for (let j = 0; j < 6; j++) {
      for (let k = 0; k < 6; k++) {
        const error = Math.sqrt((exact(j, j) * exact(k, k) + exact(j, k) ** 2) / chains);
        // 21 different moments at 4.5 standard errors: failed by chance once in 7,000 seeds.
        expect(Math.abs(moments[6 * j + k]! - exact(j, k))).toBeLessThan(4.5 * error);
      }
    }
  });

  test('at M = 1 y is ȳ to the bit', () => {
    const ybar = Float32Array.of(0.1, -3, 1e-20, 7);
    const options = { measurements: 1, sigma: 2, step: 0 };
    expect(drawMeasurements(ybar, options, chainNoise(1, 2))).toEqual(ybar);
  });

  test('is keyed by seed, chain and step, not by the batch', () => {
    const ybar = Float32Array.from({ length: 10 }, (_, i) => i);
    const draw = (seed: number, step: number, chains = 5, first = 0) => {
      const rows = ybar.slice(2 * first, 2 * (first + chains));
      const noise = chainNoise(seed, chains, first);
      return drawMeasurements(rows, { measurements: 4, sigma: 1, step }, noise);
    };
    expect(draw(1, 3, 2, 2)).toEqual(draw(1, 3).slice(16, 32));
    expect(draw(1, 3)).toEqual(draw(1, 3));
    expect(draw(1, 4)).not.toEqual(draw(1, 3));
    expect(draw(2, 3)).not.toEqual(draw(1, 3));
  });

  test.each([
    [{ measurements: 0, sigma: 1, step: 0 }, /^measurements: 0 is out of range; [^\n]+$/],
    [{ measurements: 1.5, sigma: 1, step: 0 }, /^measurements: 1.5 is/],
    [{ measurements: 2, sigma: Number.NaN, step: 0 }, /^sigma: NaN is out of range; [^\n]+$/],
  ])('refuses %j', (options, message) => {
    const call = () => drawMeasurements(new Float32Array(2), options, chainNoise(1, 1));
    expect(call).toThrow(UserError);
    expect(call).toThrow(message);
  });
});
