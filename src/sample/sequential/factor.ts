import type { Denoiser } from '../../density/denoiser.ts';
import { estimatesOf, type GpsTarget } from '../target.ts';

/** A factor of p(y_1, …, y_M): the density of the mean z of one block given the blocks before. */
export interface Factor {
  /** n, measurements in the blocks before. */
  readonly before: number;
  /** b, measurements in this block. */
  readonly size: number;
  /** σ of one measurement; z has noise σ/√b. */
  readonly sigma: number;
  /** ν of the class σ/√(n + b). */
  readonly denoiser: Denoiser;
}

/** Arrays that the factors of a walk share, `[chains, d]` each. */
export interface FactorWork {
  /** ȳ of the blocks before. */
  readonly mean: Float32Array;
  readonly ybar: Float32Array;
  readonly xhat: Float32Array;
  readonly calls: { count: number };
  /** The target that `xhat` is of. */
  owner?: object;
}

/**
 * Makes the factor p(z | blocks before) a target. The precision-weighted mean of all is ȳ = (n
 * ȳ_before + b z)/(n + b), and
 *
 *     ∇_z log p(z | before) = (ν(ȳ) − z) b/σ²
 *     log p(z | before) = log p_σ̃(ȳ) − nb ‖z − ȳ_before‖²/(2(n + b)σ²) + constant
 *
 * With b = 1 it is a factor of Saremi, Park & Bach 2023 ("Chain of log-concave Markov chains",
 * section 4); a larger block is one measurement of less noise, as in GPS's mean walk. n = 0 is the
 * member M = 1 of the class σ/√b. Its ν is not called again where ȳ has not changed.
 */
export function factorTarget(
  { before, size, sigma, denoiser }: Factor,
  work: FactorWork,
): GpsTarget {
  const { mean, ybar, xhat, calls } = work;
  const d = denoiser.shape.reduce((product, length) => product * length, 1);
  const noise = sigma / Math.sqrt(size);
  const precision = 1 / (noise * noise);
  const total = before + size;
  const bend = (before * size) / (2 * total * sigma * sigma);
  const next = new Float32Array(ybar.length);
  const { logDensity } = denoiser;

  function average(z: Float32Array): void {
    if (before === 0) next.set(z);
    else for (let i = 0; i < z.length; i++) next[i] = (before * mean[i]! + size * z[i]!) / total;
  }
  async function jump(z: Float32Array): Promise<void> {
    average(z);
    if (work.owner === target && next.every((value, i) => value === ybar[i])) return;
    delete work.owner;
    ybar.set(next);
    calls.count += 1;
    await denoiser.denoise(ybar, xhat);
    work.owner = target;
  }
  const rough = denoiser.rough && estimatesOf(denoiser, ybar.length, calls).walked;
  async function roughly(z: Float32Array): Promise<Float32Array> {
    average(z);
    await rough!.at(next);
    return rough!.estimate;
  }
  async function exactly(z: Float32Array): Promise<Float32Array> {
    await jump(z);
    return xhat;
  }
  const target: GpsTarget = {
    dimension: d,
    sigma: noise,
    ybar,
    xhat,
    calls,
    jump,
    async score(z, out) {
      const estimate = rough ? await roughly(z) : await exactly(z);
      for (let i = 0; i < z.length; i++) out[i] = (estimate[i]! - z[i]!) * precision;
    },
    ...(logDensity && {
      async logDensity(z: Float32Array, out: Float64Array) {
        average(z);
        await logDensity.call(denoiser, next, out);
        for (let i = 0; i < z.length; i++) {
          out[Math.floor(i / d)]! -= bend * (z[i]! - mean[i]!) ** 2;
        }
      },
    }),
  };
  return target;
}
