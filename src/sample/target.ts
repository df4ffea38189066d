import type { Denoiser } from '../density/denoiser.ts';
import { gpsLogDensity, gpsScore, meanOfMeasurements } from '../density/gps.ts';
import type { Target } from './kernel.ts';

/** What jumps: the estimate of x at a position. */
export interface JumpTarget {
  /** Numbers in the position of one chain. */
  readonly dimension: number;
  /** ȳ `[chains, d]` of the latest position given to `jump`, or to the `score` of a `GpsTarget`. */
  readonly ybar: Float32Array;
  /** ν(ȳ) `[chains, d]` at that ȳ. */
  readonly xhat: Float32Array;
  /** Brings `ybar` and `xhat` to position y `[chains, M, d]`. */
  jump(y: Float32Array): Promise<void>;
}

/** The M-density of GPS(M, σ) as a target, which also gives the jump. */
export interface GpsTarget extends Target, JumpTarget {
  /** σ = σ̃√M, the noise of one measurement, in units of x. */
  readonly sigma: number;
}

/**
 * GPS(M, σ) from a denoiser of the class σ̃ = σ/√M (Saremi, Srivastava & Bach 2023, section 3). ν is not called again
 * where ȳ has not changed, as between a jump and a score at the same position. The mean walk of the
 * class is its member M = 1: ȳ has the density p_σ̃ and the score (ν(ȳ) − ȳ)/σ̃². Arrays are
 * allocated here, once, for a batch of `chains`.
 *
 * With a denoiser that has `logDensity` the target has one too,
 * log p_Y(y) = log p_σ̃(ȳ) − Σ_m ‖y_m − ȳ‖²/(2σ²) up to a constant.
 */
export function gpsTarget(denoiser: Denoiser, measurements: number, chains: number): GpsTarget {
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  const sigma = denoiser.sigma * Math.sqrt(measurements);
  const xhat = new Float32Array(chains * d);
  const ybar = new Float32Array(chains * d);
  const mean = new Float32Array(chains * d);
  let known = false;

  async function jump(y: Float32Array): Promise<void> {
    meanOfMeasurements(y, measurements, d, mean);
    if (known && equal(mean, ybar)) return;
    known = false;
    ybar.set(mean);
    await denoiser.denoise(ybar, xhat);
    known = true;
  }
  async function logDensity(y: Float32Array, out: Float64Array): Promise<void> {
    meanOfMeasurements(y, measurements, d, mean);
    await denoiser.logDensity?.(mean, out);
    gpsLogDensity(out, y, sigma, measurements, d, out);
  }
  return {
    dimension: measurements * d,
    sigma,
    ybar,
    xhat,
    jump,
    async score(y, out) {
      await jump(y);
      gpsScore(xhat, y, sigma, measurements, d, out);
    },
    ...(denoiser.logDensity && { logDensity }),
  };
}

/**
 * The M-density of a denoiser that takes all M measurements (Saremi & Srivastava 2022, section 3): its
 * score at y is (ν(y) − y)/σ², the jump is the mean of the M estimates. There is no mean walk and no other
 * member: what holds for functions of ȳ does not for those of y.
 */
export function stackedTarget(denoiser: Denoiser, chains: number): GpsTarget {
  const { stacked = 1, sigma, logDensity } = denoiser;
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  const latest = new Float32Array(chains * stacked * d);
  const estimates = new Float32Array(latest.length);
  const ybar = new Float32Array(chains * d);
  const xhat = new Float32Array(chains * d);
  let known = false;

  async function jump(y: Float32Array): Promise<void> {
    if (known && equal(y, latest)) return;
    known = false;
    latest.set(y);
    await denoiser.denoise(latest, estimates);
    meanOfMeasurements(latest, stacked, d, ybar);
    meanOfMeasurements(estimates, stacked, d, xhat);
    known = true;
  }
  return {
    ...{ dimension: stacked * d, sigma, ybar, xhat, jump },
    async score(y, out) {
      await jump(y);
      const precision = 1 / (sigma * sigma);
      for (let i = 0; i < out.length; i++) out[i] = (estimates[i]! - y[i]!) * precision;
    },
    ...(logDensity && { logDensity }),
  };
}

/**
 * What a denoiser walks at M measurements, for a batch of `chains`: its member of the class or, where it takes
 * all measurements, their own density.
 */
export function targetOf(denoiser: Denoiser, measurements: number, chains: number): GpsTarget {
  const { stacked = 1 } = denoiser;
  return stacked > 1 ? stackedTarget(denoiser, chains) : gpsTarget(denoiser, measurements, chains);
}

function equal(a: Float32Array, b: Float32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
