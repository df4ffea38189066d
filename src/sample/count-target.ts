import type { CountDenoiser } from '../density/denoiser.ts';
import { drawPoisson } from '../density/draws.ts';
import type { CountTarget } from './kernel.ts';
import { type ChainNoise, stream } from './noise.ts';
import type { JumpTarget } from './target.ts';

/** Counts of M Poisson measurements as a target, which also gives the jump. */
export type CountJumpTarget = CountTarget & JumpTarget;

/**
 * Makes the target of M measurements y_m ~ Poisson(λ(x + b)) of the class Mλ of an estimator ν
 * (Saremi & Srivastava 2022, Poisson measurements): x̂_l(y) = ν_l(Σ_m y_m) for any m, so counts of
 * measurement m are born at the rate λ(x̂_l + b), and the target's estimate is x̂ + b. The sum
 * walks as the member M = 1 does, whatever M. `ybar` holds the sum, not the mean: what ν takes.
 */
export function countTarget(
  denoiser: CountDenoiser,
  measurements: number,
  chains: number,
): CountJumpTarget {
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  const { rate, background = 0 } = denoiser;
  const dimension = measurements * d;
  const ybar = new Float32Array(chains * d);
  const xhat = new Float32Array(chains * d);
  const sums = new Float32Array(chains * d);
  const calls = { count: 0 };
  const estimates = new Float32Array(chains * d);

  async function estimate(y: Float32Array, out: Float32Array): Promise<void> {
    const values = (y.length / dimension) * d;
    const [sum, own] = [sums.subarray(0, values), estimates.subarray(0, values)];
    sumOfCounts(y, measurements, d, sum);
    calls.count += 1;
    await denoiser.denoise(sum, own);
    for (let i = 0; i < y.length; i++) {
      out[i] = own[Math.floor(i / dimension) * d + (i % d)]! + background;
    }
  }
  async function jump(y: Float32Array): Promise<void> {
    sumOfCounts(y, measurements, d, ybar);
    calls.count += 1;
    await denoiser.denoise(ybar, xhat);
  }
  return { dimension, rate: rate / measurements, estimate, jump, ybar, xhat, calls };
}

/** Σ_m y_m of `[rows, M, d]`, into `out` `[rows, d]`. */
function sumOfCounts(y: Float32Array, measurements: number, d: number, out: Float32Array): void {
  out.fill(0);
  for (let i = 0; i < y.length; i++)
    out[Math.floor(i / (measurements * d)) * d + (i % d)]! += y[i]!;
}

/**
 * Draws a start in the dark, y_m ~ Poisson(λb), keyed by chain: `[chains, M, d]`. Births at the
 * estimate fill it; from too many counts a learned estimate may not come back.
 */
export function startingCounts(
  { shape, rate, background = 0 }: CountDenoiser,
  measurements: number,
  noise: ChainNoise,
): Float32Array {
  const d = shape.reduce((product, size) => product * size, 1);
  const y = new Float32Array(noise.chains * measurements * d);
  noise.uniform(stream.start, 0, y);
  return y.map((uniform) => drawPoisson(uniform, (rate / measurements) * background));
}
