/** Families of denoisers: an exact density at every noise level, and which levels a family has. */
import { UserError } from '../errors.ts';
import { randomKey } from '../random.ts';
import type { Denoiser, DenoiserFamily, NoiseLevels } from './denoiser.ts';
import { type Density, exactDenoiser } from './density.ts';

/** Levels that differ by less than this share of their size are one. */
const SAME = 1e-6;

/** Draws from which the spread of a density is taken. */
const DRAWS = 2048;

/** An exact density at any noise level, with log p_σ̃ for kernels that have a Metropolis test. */
export interface ExactFamily extends DenoiserFamily {
  at(sigma: number): Denoiser & Required<Pick<Denoiser, 'logDensity'>>;
}

/**
 * Makes the denoisers of an exact density at every σ̃ above 0. Its `spread`, the largest standard
 * deviation of x along any direction, is estimated from 2,048 exact draws, always the same.
 */
export function exactFamily(density: Density): ExactFamily {
  return {
    shape: [density.dimension],
    levels: { from: Number.MIN_VALUE, to: Number.MAX_VALUE },
    spread: largestDeviation(density.sample(randomKey(0), DRAWS), density.dimension),
    at: (sigma) => exactDenoiser(density, sigma),
  };
}

/** Tells whether σ̃ is among the levels, to one part in a million. */
export function hasLevel(levels: NoiseLevels, sigma: number): boolean {
  if ('values' in levels) {
    return levels.values.some((value) => Math.abs(value - sigma) <= SAME * value);
  }
  return sigma >= levels.from * (1 - SAME) && sigma <= levels.to * (1 + SAME);
}

/**
 * Checks that σ̃ is among the levels. `option` names it in errors.
 *
 * @throws UserError (`level`) for a σ̃ that is not among the levels.
 */
export function checkLevel(levels: NoiseLevels, sigma: number, option = 'effectiveSigma'): void {
  if (hasLevel(levels, sigma)) return;
  const known =
    'values' in levels ? levels.values.join(', ') : `all from ${levels.from} to ${levels.to}`;
  throw new UserError(`${option}: the model knows no noise level ${sigma}; it knows ${known}`, {
    code: 'level',
    facts: { option, sigma, levels },
  });
}

/** √ of the largest eigenvalue of the covariance of draws `[n, d]`, by the power method. */
function largestDeviation(x: Float64Array, d: number): number {
  const n = x.length / d;
  const mean = new Float64Array(d);
  for (let i = 0; i < x.length; i++) mean[i % d]! += x[i]! / n;
  let direction = new Float64Array(d).fill(1 / Math.sqrt(d));
  let variance = 0;
  for (let iteration = 0; iteration < 50; iteration++) {
    const next = new Float64Array(d);
    for (let row = 0; row < n; row++) {
      let along = 0;
      for (let i = 0; i < d; i++) along += (x[row * d + i]! - mean[i]!) * direction[i]!;
      for (let i = 0; i < d; i++) next[i]! += (along * (x[row * d + i]! - mean[i]!)) / (n - 1);
    }
    const norm = Math.hypot(...next);
    // The first direction may have no variance at all.
    if (norm === 0) return Math.sqrt(variance);
    variance = norm;
    direction = next.map((value) => value / norm);
  }
  return Math.sqrt(variance);
}
