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
  /** Denoiser calls made so far. */
  readonly calls: { readonly count: number };
  /** Brings `ybar` and `xhat` to position y `[chains, M, d]`. */
  jump(y: Float32Array): Promise<void>;
}

/** The M-density of GPS(M, σ) as a target, which also gives the jump. */
export interface GpsTarget extends Target, JumpTarget {
  /** σ = σ̃√M, the noise of one measurement, in units of x. */
  readonly sigma: number;
}

/**
 * Makes GPS(M, σ) of a denoiser of the class σ̃ = σ/√M (Saremi, Srivastava & Bach 2023, section 3).
 * ν is not called again where ȳ has not changed, as between a jump and a score at the same
 * position. The mean walk of the class is its member M = 1: ȳ has the density p_σ̃ and the score
 * (ν(ȳ) − ȳ)/σ̃². Arrays are allocated here, once, for a batch of `chains`.
 *
 * With a denoiser that has `logDensity` the target has one too, log p_Y(y) = log p_σ̃(ȳ) − Σ_m
 * ‖y_m − ȳ‖²/(2σ²) up to a constant.
 */
export function gpsTarget(denoiser: Denoiser, measurements: number, chains: number): GpsTarget {
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  const sigma = denoiser.sigma * Math.sqrt(measurements);
  const mean = new Float32Array(chains * d);
  const calls = { count: 0 };
  const { exact, walked } = estimatesOf(denoiser, chains * d, calls);

  async function jump(y: Float32Array): Promise<void> {
    meanOfMeasurements(y, measurements, d, mean);
    await exact.at(mean);
  }
  async function logDensity(y: Float32Array, out: Float64Array): Promise<void> {
    meanOfMeasurements(y, measurements, d, mean);
    await denoiser.logDensity?.(mean, out);
    gpsLogDensity(out, y, sigma, measurements, d, out);
  }
  return {
    dimension: measurements * d,
    sigma,
    ybar: exact.z,
    xhat: exact.estimate,
    calls,
    jump,
    async score(y, out) {
      meanOfMeasurements(y, measurements, d, mean);
      await walked.at(mean);
      gpsScore(walked.estimate, y, sigma, measurements, d, out);
    },
    ...(denoiser.logDensity && { logDensity }),
  };
}

/**
 * Makes the M-density of a denoiser that takes all M measurements (Saremi & Srivastava 2022,
 * section 3): its score at y is (ν(y) − y)/σ², the jump is the mean of the M estimates. There is no
 * mean walk and no other member: what holds for functions of ȳ does not for those of y.
 */
export function stackedTarget(denoiser: Denoiser, chains: number): GpsTarget {
  const { stacked = 1, sigma, logDensity } = denoiser;
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  const ybar = new Float32Array(chains * d);
  const xhat = new Float32Array(chains * d);
  const calls = { count: 0 };
  const { exact, walked } = estimatesOf(denoiser, chains * stacked * d, calls);

  async function jump(y: Float32Array): Promise<void> {
    await exact.at(y);
    meanOfMeasurements(exact.z, stacked, d, ybar);
    meanOfMeasurements(exact.estimate, stacked, d, xhat);
  }
  return {
    dimension: stacked * d,
    sigma,
    ybar,
    xhat,
    calls,
    jump,
    async score(y, out) {
      await walked.at(y);
      const precision = 1 / (sigma * sigma);
      for (let i = 0; i < out.length; i++) out[i] = (walked.estimate[i]! - y[i]!) * precision;
    },
    ...(logDensity && { logDensity }),
  };
}

/**
 * Makes the target that a denoiser walks at M measurements, for a batch of `chains`: its member of
 * the class or, where it takes all measurements, their own density.
 */
export function targetOf(denoiser: Denoiser, measurements: number, chains: number): GpsTarget {
  const { stacked = 1 } = denoiser;
  return stacked > 1 ? stackedTarget(denoiser, chains) : gpsTarget(denoiser, measurements, chains);
}

/** An estimate of x at the latest z that it was asked at. */
interface Estimate {
  readonly z: Float32Array;
  readonly estimate: Float32Array;
  /** Brings both to `z`; nothing is called where they are there. */
  at(z: Float32Array): Promise<void>;
}

/**
 * Makes the estimates that jump and that walk: one where the denoiser has no rough one. `calls`
 * counts both.
 */
export function estimatesOf(
  denoiser: Denoiser,
  length: number,
  calls: { count: number },
): { readonly exact: Estimate; readonly walked: Estimate } {
  const exact = estimateOf((z, out) => denoiser.denoise(z, out), length, calls);
  if (denoiser.rough === undefined) return { exact, walked: exact };
  return { exact, walked: estimateOf((z, out) => denoiser.rough!(z, out), length, calls) };
}

function estimateOf(
  denoise: Denoiser['denoise'],
  length: number,
  calls: { count: number },
): Estimate {
  const z = new Float32Array(length);
  const estimate = new Float32Array(length);
  let known = false;
  return {
    z,
    estimate,
    async at(place) {
      if (known && equal(place, z)) return;
      known = false;
      z.set(place);
      calls.count += 1;
      await denoise(z, estimate);
      known = true;
    },
  };
}

function equal(a: Float32Array, b: Float32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
