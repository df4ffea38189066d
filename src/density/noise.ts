/** Noise models: how measurements y_1..y_M are made from x. */
import { UserError } from '../errors.ts';
import { fillNormal, type Key, type NumberArray } from '../random.ts';
import { checkMeasurements, checkSigma, rowsOf } from './checks.ts';
import { drawPoisson, uniforms } from './draws.ts';
import { effectiveNoise } from './gps.ts';

/** y_m = x + σ_m ε_m with independent ε_m ~ N(0, I). */
export interface GaussianNoise {
  readonly type: 'gaussian';
  /** σ_1..σ_M, in units of x. */
  readonly sigmas: readonly number[];
  /** M. */
  readonly measurements: number;
  /** σ̃ = (Σ σ_m⁻²)^(−1/2), which is σ/√M where all are equal: the noise of the weighted mean. */
  readonly effectiveSigma: number;
  /** True when σ_1 = … = σ_M: the measurements may then be permuted. */
  readonly equal: boolean;
}

/** y_m ~ Poisson(λx), coordinates and measurements independent given x. */
export interface PoissonNoise {
  readonly type: 'poisson';
  /** λ, counts per unit of x. */
  readonly rate: number;
  /** M. */
  readonly measurements: number;
  /**
   * Mλ: Σ_m y_m ~ Poisson(Mλx) is sufficient, so this names the class, as σ̃ does for Gaussian
   * noise.
   */
  readonly effectiveRate: number;
}

export type NoiseModel = GaussianNoise | PoissonNoise;

/** Measurements whose noise fits in a list: 512 MiB. */
const MOST = 2 ** 26;

/**
 * Describes M measurements with the same Gaussian noise σ.
 *
 * @throws UserError unless σ is finite and above 0 and M is a whole number of at least 1.
 */
export function gaussianNoise(sigma: number, measurements: number): GaussianNoise {
  const effectiveSigma = effectiveNoise(sigma, measurements);
  if (measurements > MOST) {
    throw new UserError(
      `measurements ${measurements}: their noise as a list is more than memory takes; give at most ${MOST}`,
      { code: 'memory', facts: { option: 'measurements', value: measurements, most: MOST } },
    );
  }
  const sigmas = new Array<number>(measurements).fill(sigma);
  return { type: 'gaussian', sigmas, measurements, effectiveSigma, equal: true };
}

/**
 * Describes one measurement for each of `sigmas`, with its own Gaussian noise σ_m.
 *
 * @throws UserError unless there is at least one and all are finite and above 0.
 */
export function unequalGaussianNoise(sigmas: readonly number[]): GaussianNoise {
  const first = sigmas[0];
  if (first === undefined) throw new UserError('sigmas: is empty; give one σ a measurement');
  for (const [m, sigma] of sigmas.entries()) checkSigma(sigma, `sigmas[${m}]`);
  if (sigmas.every((sigma) => sigma === first)) return gaussianNoise(first, sigmas.length);
  const precision = sigmas.reduce((sum, sigma) => sum + 1 / (sigma * sigma), 0);
  return {
    type: 'gaussian',
    sigmas: [...sigmas],
    measurements: sigmas.length,
    effectiveSigma: 1 / Math.sqrt(precision),
    equal: false,
  };
}

/**
 * Describes M Poisson measurements at rate λ.
 *
 * @throws UserError unless λ is finite and above 0 and M is a whole number of at least 1.
 */
export function poissonNoise(rate: number, measurements: number): PoissonNoise {
  if (!(Number.isFinite(rate) && rate > 0)) {
    throw new UserError(`rate: ${rate} is not a rate of counts; give a finite number above 0`);
  }
  checkMeasurements(measurements);
  return { type: 'poisson', rate, measurements, effectiveRate: rate * measurements };
}

/**
 * Draws the measurements of x exactly; those of row i are a function of the key, i and x_i alone.
 *
 * @param x `[n, d]`.
 * @returns y, `[n, M, d]`.
 */
export function sampleMeasurements(
  noise: NoiseModel,
  x: NumberArray,
  dimension: number,
  key: Key,
): Float64Array {
  const rows = rowsOf('x', x, dimension);
  const { measurements } = noise;
  const y = new Float64Array(rows * measurements * dimension);
  const draws = noise.type === 'poisson' ? uniforms(key, y.length) : y;
  if (noise.type === 'gaussian') fillNormal(key, 0, y);
  for (let row = 0; row < rows * measurements; row++) {
    const from = Math.floor(row / measurements) * dimension;
    for (let i = 0; i < dimension; i++) {
      const at = row * dimension + i;
      const mean = x[from + i]!;
      y[at] =
        noise.type === 'poisson'
          ? drawPoisson(draws[at]!, noise.rate * mean)
          : mean + noise.sigmas[row % measurements]! * y[at]!;
    }
  }
  return y;
}
