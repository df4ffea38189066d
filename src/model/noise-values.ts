import { effectiveNoise, type NoiseLevels, poissonNoise } from '../density/index.ts';
import type { GaussianConfig, PoissonConfig } from './noise.ts';

/**
 * Makes the noise of Gaussian measurements y_m = x + σε_m, m = 1…M: what is learned is the class
 * σ̃ = σ/√M, and every member of it can be walked.
 *
 * @param options.sigma σ of one measurement, in units of x.
 * @param options.measurements M. Default 1.
 * @param options.levels Noise levels σ̃ that one network learns, told which: a family.
 * @throws UserError unless σ is above 0 and M a whole number of at least 1.
 */
export function gaussian({
  sigma,
  measurements = 1,
  levels,
}: {
  readonly sigma: number;
  readonly measurements?: number;
  readonly levels?: NoiseLevels;
}): GaussianConfig {
  effectiveNoise(sigma, measurements);
  return { type: 'gaussian', sigma, measurements, ...(levels && { levels }) };
}

/**
 * Makes the noise of counts y_m ~ Poisson(λ(x + b)), m = 1…M: what is learned is the class Mλ
 * (Saremi & Srivastava 2022).
 *
 * @param options.rate λ, counts per unit of x.
 * @param options.background b, in units of x. Default 0.
 * @param options.measurements M. Default 1.
 * @throws UserError unless λ is above 0 and M a whole number of at least 1.
 */
export function poisson({
  rate,
  background = 0,
  measurements = 1,
}: {
  readonly rate: number;
  readonly background?: number;
  readonly measurements?: number;
}): PoissonConfig {
  poissonNoise(rate, measurements);
  return { type: 'poisson', rate, background, measurements };
}
