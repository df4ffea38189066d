/**
 * The shape of a Gaussian M-density: eigenvalues of the precision (inverse covariance) of
 * y = (y_1..y_M) for x ~ N(μ, C) (docs/theory.md, section 3; paper A, section 4 for equal noise).
 *
 * In the eigenbasis of C, with variances τ_i², the precision splits into d blocks of size M × M,
 * diag(p_m) − p pᵀ/(τ_i⁻² + Σ p_k), p_m = σ_m⁻². With pᵀ(diag p − λ)⁻¹p, its secular equation
 * (Golub 1973) becomes, after taking Σ p_k off both sides,
 *
 *     λ Σ_m 1/(1 − λσ_m²) = 1/τ_i²,
 *
 * which has no cancellation at the small eigenvalue that decides the condition number. Its roots
 * lie one in each gap of the poles 0, p_(1), p_(2), …; p itself is an eigenvalue once less often
 * than it is a pole. With equal noise: λ = 1/(σ² + Mτ_i²), and 1/σ² with multiplicity d(M − 1).
 */
import { UserError } from '../errors.ts';
import { checkVector } from './checks.ts';
import { covarianceParts } from './covariance.ts';
import type { GaussianNoise } from './noise.ts';

export interface Eigenvalue {
  /** In units of 1/x². */
  readonly value: number;
  readonly multiplicity: number;
}

export interface Spectrum {
  /** Distinct eigenvalues, ascending; multiplicities sum to M·d. */
  readonly eigenvalues: readonly Eigenvalue[];
  /** κ, the largest eigenvalue over the smallest. */
  readonly conditionNumber: number;
}

/** Eigenvalues closer than this, relative to their size, are reported as one. */
const SAME = 1e-12;

/**
 * Computes the spectrum of the precision of y from the variances of x along its principal axes.
 *
 * @param variances τ_i², `[d]`, in units of x².
 *
 * @throws UserError unless there is at least one variance and all are finite and none is below 0,
 *   and where an eigenvalue or κ is beyond double precision.
 */
export function gaussianSpectrum(variances: readonly number[], noise: GaussianNoise): Spectrum {
  checkVector('variances', variances);
  const bad = variances.findIndex((variance) => variance < 0);
  if (bad >= 0) {
    throw new UserError(`variances[${bad}]: ${variances[bad]} is not a variance; give 0 or more`);
  }
  const found: Eigenvalue[] = [];
  for (const { value, multiplicity } of distinct(variances)) {
    for (const eigenvalue of blockEigenvalues(value, noise)) {
      found.push({ ...eigenvalue, multiplicity: eigenvalue.multiplicity * multiplicity });
    }
  }
  const eigenvalues = merge(found);
  const conditionNumber = eigenvalues.at(-1)!.value / eigenvalues[0]!.value;
  const wild = eigenvalues.find(({ value }) => !(value > 0 && Number.isFinite(value)));
  if (wild === undefined && Number.isFinite(conditionNumber))
    return { eigenvalues, conditionNumber };
  throw new UserError(
    'noise: its square, or what it leaves of a variance, is beyond double precision; choose other units',
    { facts: { sigmas: noise.sigmas.slice(0, 4), eigenvalue: wild?.value, conditionNumber } },
  );
}

/**
 * Computes the spectrum of the precision of y from the covariance of x.
 *
 * @param covariance C, `[d, d]`, in units of x².
 *
 * @throws UserError unless C is finite, symmetric and positive semidefinite.
 */
export function gaussianSpectrumOf(
  covariance: readonly (readonly number[])[],
  noise: GaussianNoise,
): Spectrum {
  const { eigenvalues } = covarianceParts('covariance', covariance);
  return gaussianSpectrum([...eigenvalues], noise);
}

/** Eigenvalues of one M × M block. */
function blockEigenvalues(variance: number, noise: GaussianNoise): readonly Eigenvalue[] {
  const { sigmas, measurements } = noise;
  if (noise.equal) {
    const noiseVariance = sigmas[0]! * sigmas[0]!;
    const along = { value: 1 / (noiseVariance + measurements * variance), multiplicity: 1 };
    if (measurements === 1) return [along];
    return [along, { value: 1 / noiseVariance, multiplicity: measurements - 1 }];
  }
  const poles = distinct(sigmas.map((sigma) => 1 / (sigma * sigma)));
  const result: Eigenvalue[] = [];
  for (const [j, pole] of poles.entries()) {
    const below = j === 0 ? 0 : poles[j - 1]!.value;
    result.push({ value: root(below, pole.value, poles, variance), multiplicity: 1 });
    if (pole.multiplicity > 1) {
      result.push({ value: pole.value, multiplicity: pole.multiplicity - 1 });
    }
  }
  return result;
}

/**
 * The root of λ Σ 1/(1 − λ/p_m) = 1/τ² between two neighbouring poles: the left side rises from
 * −∞ (from 0 in the first gap) to ∞. Bisection, until no double lies between the ends.
 */
function root(
  below: number,
  above: number,
  poles: readonly Eigenvalue[],
  variance: number,
): number {
  let [low, high] = [below, above];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    let sum = 0;
    for (const { value, multiplicity } of poles) {
      sum += (multiplicity * value) / (value - middle);
    }
    if (middle * sum < 1 / variance) low = middle;
    else high = middle;
  }
}

/** Equal numbers counted, ascending. */
function distinct(values: readonly number[]): readonly Eigenvalue[] {
  return merge(values.map((value) => ({ value, multiplicity: 1 })));
}

function merge(values: readonly Eigenvalue[]): readonly Eigenvalue[] {
  const merged: Eigenvalue[] = [];
  for (const each of [...values].sort((a, b) => a.value - b.value)) {
    const last = merged.at(-1);
    if (last && each.value - last.value <= SAME * each.value) {
      merged[merged.length - 1] = {
        value: last.value,
        multiplicity: last.multiplicity + each.multiplicity,
      };
    } else merged.push(each);
  }
  return merged;
}
