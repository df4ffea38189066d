import { UserError } from '../errors.ts';
import { type ChainNoise, stream } from './noise.ts';

/** What a full y needs besides its mean. */
export interface MeasurementOptions {
  /** M, at least 1. */
  readonly measurements: number;
  /** σ = σ̃√M, the noise of one measurement, in units of x. */
  readonly sigma: number;
  /** Step of the walk that ȳ was taken at: the counter of the noise. */
  readonly step: number;
}

/**
 * Draws a full y for each ȳ of a mean walk: y_m = ȳ + σ(ξ_m − ξ̄). Given ȳ the residuals of an
 * M-density are exactly normal with covariance σ²(δ_mn − 1/M) I, whatever the data, because its
 * energy is Σ_m ‖y_m − ȳ‖²/(2σ²) + φ(ȳ) (Saremi, Srivastava & Bach 2023, section 3). So ȳ ~ p_σ̃
 * gives y ~ p_Y exactly. At M = 1 y is ȳ to the bit.
 *
 * Residuals are a function of seed, chain and step alone; they are independent from step to step.
 *
 * @param ybar ȳ, `[chains, d]`.
 * @param noise of the chains of `ybar`; `chainNoise(seed, chains, firstChain)` of the walk will do.
 * @param out receives y, `[chains, M, d]`; made if not given.
 * @returns `out`.
 *
 * @throws UserError when M is not a whole number of at least 1, or σ not finite and above 0.
 */
export function drawMeasurements(
  ybar: Float32Array,
  { measurements, sigma, step }: MeasurementOptions,
  noise: ChainNoise,
  out: Float32Array = new Float32Array(ybar.length * Math.max(1, measurements)),
): Float32Array {
  check(measurements, sigma);
  const d = ybar.length / noise.chains;
  const xi = new Float64Array(ybar.length * measurements);
  noise.normal(stream.residual, step, xi);
  for (let at = 0; at < ybar.length; at++) {
    const chain = Math.floor(at / d);
    const first = chain * measurements * d + (at - chain * d);
    let sum = 0;
    for (let m = 0; m < measurements; m++) sum += xi[first + m * d]!;
    const mean = sum / measurements;
    for (let m = 0; m < measurements; m++) {
      const i = first + m * d;
      out[i] = ybar[at]! + sigma * (xi[i]! - mean);
    }
  }
  return out;
}

function check(measurements: number, sigma: number): void {
  if (!Number.isSafeInteger(measurements) || measurements < 1) {
    throw new UserError(
      `measurements: ${measurements} is out of range; give a whole number of at least 1`,
    );
  }
  if (!Number.isFinite(sigma) || sigma <= 0) {
    throw new UserError(`sigma: ${sigma} is out of range; give a finite number above 0`);
  }
}
