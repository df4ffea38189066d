import type { Denoiser } from './denoiser.ts';
import { gpsScore, meanOfMeasurements, universalityClass } from './gps.ts';

/** A denoiser put to work at one member (M, σ) of its universality class. */
export interface ClassMember {
  /** M. */
  readonly measurements: number;
  /** σ = σ̃√M, the noise of one measurement, in units of x. */
  readonly sigma: number;
  /** Writes ∇ log p_Y(y) into `out`; both `[batch, M, ...shape]`. */
  score(y: Float32Array, out: Float32Array): Promise<void>;
  /** Writes x̂(y) = ν(ȳ) `[batch, ...shape]` into `out`; y is `[batch, M, ...shape]`. */
  estimate(y: Float32Array, out: Float32Array): Promise<void>;
}

/**
 * Moves a trained or exact denoiser to the member of its class with M measurements. Nothing is
 * learned again: the loss, and the law of x̂, are those at M = 1 (paper A, proposition 2 and
 * corollary 1).
 *
 * @throws UserError unless M is a whole number of at least 1.
 */
export function moveToMember(denoiser: Denoiser, measurements: number): ClassMember {
  const sigma = universalityClass(1, denoiser.sigma).members(measurements);
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  async function estimate(y: Float32Array, out: Float32Array): Promise<void> {
    await denoiser.denoise(meanOfMeasurements(y, measurements, d), out);
  }
  return {
    measurements,
    sigma,
    estimate,
    async score(y, out) {
      const xhat = new Float32Array(y.length / measurements);
      await estimate(y, xhat);
      gpsScore(xhat, y, sigma, measurements, d, out);
    },
  };
}
