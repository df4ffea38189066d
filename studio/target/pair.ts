/** The M-density of two measurements of one coordinate of x: the plane in which it can be seen. */
import type { PlaneTarget } from './density.ts';
import { type Rings, regionsOf } from './field.ts';

/**
 * Writes log p(y₁, y₂), up to a constant, for y_m = x + σε_m. Mean and difference are independent:
 * the mean has the law of x smoothed by σ/√2, the difference is N(0, 2σ²) (paper A, GPS(2, σ)).
 *
 * @param first density of the coordinate.
 * @param sigma σ of one measurement.
 */
export function pairHeights({ first }: Pick<PlaneTarget, 'first'>, sigma: number) {
  const smoothed = first.smooth(sigma / Math.SQRT2);
  return {
    logDensity(y: Float64Array, out: Float64Array): void {
      const means = Float64Array.from(out, (_, k) => (y[2 * k]! + y[2 * k + 1]!) / 2);
      smoothed.logDensity(means, out);
      for (let k = 0; k < out.length; k++) {
        out[k]! -= (y[2 * k]! - y[2 * k + 1]!) ** 2 / (4 * sigma * sigma);
      }
    },
  };
}

/** What lies above each of `levels` in the plane (y₁, y₂), in the square of half side `radius`. */
export function pairRegions(
  target: PlaneTarget,
  { sigma, radius }: { readonly sigma: number; readonly radius: number },
): readonly Rings[] {
  const { peaks } = target;
  const diagonal = Float64Array.from(peaks, (_, i) => peaks[i - (i % 2)]!);
  return regionsOf(pairHeights(target, sigma), diagonal, { radius, size: PAIR_CELLS });
}

/** Cells along a side. */
const PAIR_CELLS = 72;
