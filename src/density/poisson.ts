import { UserError } from '../errors.ts';
import { foldKey, type Key, type NumberArray } from '../random.ts';
import { checkLength, checkVector, checkWeights, rowsOf, short } from './checks.ts';
import { drawIndex, uniforms } from './draws.ts';
import { expBelowZero, NEGLIGIBLE } from './exponential.ts';
import { logFactorial } from './log-factorial.ts';
import { type PoissonNoise, poissonNoise } from './noise.ts';

/** What a Poisson density is made of: K intensities in R^d with weights. */
export interface PoissonParameters {
  /** w, `[K]`, 0 or more, summing to one. */
  readonly weights: readonly number[];
  /** The values x can take, `[K, d]`, all above 0. */
  readonly intensities: readonly (readonly number[])[];
  /** λ, counts per unit of x, where a noise model does not give its own; 1 by default. */
  readonly rate?: number;
}

/** x in R^d_{>0} from a finite mixture of point masses, seen through counts y_m ~ Poisson(λx). */
export interface PoissonDensity extends Required<PoissonParameters> {
  readonly type: 'poisson';
  readonly dimension: number;
  /** `n` exact draws of x, `[n, d]`. */
  sample(key: Key, n: number): Float64Array;
  /** The law of the counts y in N^{Md}. */
  observe(measurements: number, rate?: number): PoissonMDensity;
}

/**
 * The law p_Y of Poisson counts, known exactly; y is `[n, M, d]`, and is not checked to be counts.
 */
export interface PoissonMDensity {
  readonly type: 'poisson';
  readonly noise: PoissonNoise;
  /** M·d. */
  readonly dimension: number;
  /** Writes log p_Y(y) into `out` `[n]`; −∞ where a number is not a count. */
  logDensity(y: NumberArray, out: NumberArray): void;
  /** Writes the energy −log p_Y(y) into `out` `[n]`. */
  energy(y: NumberArray, out: NumberArray): void;
  /** Writes log p_Y(y + e_{m,l}) − log p_Y(y), the discrete score, into `out` `[n, M, d]`. */
  logRatio(y: NumberArray, out: NumberArray): void;
  /** Writes x̂ = E[x | y] into `out` `[n, d]`. */
  estimate(y: NumberArray, out: NumberArray): void;
}

/**
 * Makes a finite mixture prior for Poisson measurements (paper B).
 *
 * @throws UserError for weights that are negative or do not sum to one, intensities that are not
 *   finite and above 0, and numbers of components or dimensions that disagree.
 */
export function poisson({ weights, intensities, rate = 1 }: PoissonParameters): PoissonDensity {
  if (intensities.length === 0) throw new UserError('intensities: is empty; give at least one');
  const shares = checkWeights(weights, intensities.length, 'intensities');
  const dimension = intensities[0]!.length;
  for (const [k, values] of intensities.entries()) {
    checkVector(`intensities[${k}]`, values, dimension);
    const bad = values.findIndex((value) => value <= 0);
    if (bad < 0) continue;
    throw new UserError(
      `intensities[${k}][${bad}]: ${short(values[bad]!)} is not an intensity; give a number above 0`,
    );
  }
  poissonNoise(rate, 1);
  const atoms = Float64Array.from(intensities.flat());
  return {
    type: 'poisson',
    dimension,
    weights,
    intensities,
    rate,
    sample: (key, n) => sampleAtoms(shares, atoms, dimension, key, n),
    observe: (measurements, own = rate) =>
      poissonMDensity(shares, atoms, dimension, poissonNoise(own, measurements)),
  };
}

function sampleAtoms(
  weights: Float64Array,
  atoms: Float64Array,
  d: number,
  key: Key,
  n: number,
): Float64Array {
  const cumulative = weights.slice();
  for (let k = 1; k < cumulative.length; k++) cumulative[k]! += cumulative[k - 1]!;
  const choices = uniforms(foldKey(key, 0), n);
  const x = new Float64Array(n * d);
  for (let row = 0; row < n; row++) {
    const from = drawIndex(cumulative, choices[row]!) * d;
    x.set(atoms.subarray(from, from + d), row * d);
  }
  return x;
}

/**
 * p_Y(y) = Σ_k w_k Π_{m,l} Poisson(y_{m,l}; λx_{k,l}). It depends on x through the sums
 * s_l = Σ_m y_{m,l} alone: responsibilities r_k ∝ w_k Π_l exp(−Mλx_{k,l}) x_{k,l}^{s_l},
 * E[x | y] = Σ r_k x_k.
 */
function poissonMDensity(
  weights: Float64Array,
  atoms: Float64Array,
  d: number,
  noise: PoissonNoise,
): PoissonMDensity {
  const { measurements, rate } = noise;
  const width = measurements * d;
  const logIntensities = atoms.map((value) => Math.log(rate * value));
  const logits0 = Float64Array.from(weights, Math.log);
  for (const [at, value] of atoms.entries()) {
    logits0[Math.floor(at / d)]! -= noise.effectiveRate * value;
  }
  const sums = new Float64Array(d);
  const logits = new Float64Array(weights.length);
  const mean = new Float64Array(d);

  /** log p_Y of one row but for −Σ log y!; sets `mean` to E[x | y]. */
  function evaluate(y: NumberArray, row: number): number {
    sums.fill(0);
    for (let at = 0; at < width; at++) sums[at % d]! += y[row * width + at]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < logits.length; k++) {
      let logit = logits0[k]!;
      for (let l = 0; l < d; l++) logit += sums[l]! * logIntensities[k * d + l]!;
      logits[k] = logit;
      if (logit > largest) largest = logit;
    }
    let total = 0;
    mean.fill(0);
    for (let k = 0; k < logits.length; k++) {
      const gap = logits[k]! - largest;
      if (gap < NEGLIGIBLE) continue;
      const share = expBelowZero(gap);
      total += share;
      for (let l = 0; l < d; l++) mean[l]! += share * atoms[k * d + l]!;
    }
    for (let l = 0; l < d; l++) mean[l]! /= total;
    return largest + Math.log(total);
  }
  function values(y: NumberArray, out: NumberArray, sign: 1 | -1): void {
    const rows = rowsOf('y', y, width);
    checkLength('out', out, rows);
    for (let row = 0; row < rows; row++) {
      let value = evaluate(y, row);
      for (let at = 0; at < width; at++) value -= logFactorial(y[row * width + at]!);
      out[row] = sign * value;
    }
  }
  return {
    type: 'poisson',
    noise,
    dimension: width,
    logDensity: (y, out) => values(y, out, 1),
    energy: (y, out) => values(y, out, -1),
    logRatio(y, out) {
      checkLength('out', out, y.length);
      for (let row = 0, rows = rowsOf('y', y, width); row < rows; row++) {
        evaluate(y, row);
        for (let at = 0; at < width; at++) {
          const own = y[row * width + at]!;
          out[row * width + at] = Math.log((rate * mean[at % d]!) / (own + 1));
        }
      }
    },
    estimate(y, out) {
      const rows = rowsOf('y', y, width);
      checkLength('out', out, rows * d);
      for (let row = 0; row < rows; row++) {
        evaluate(y, row);
        for (let l = 0; l < d; l++) out[row * d + l] = mean[l]!;
      }
    },
  };
}
