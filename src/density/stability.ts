/**
 * What the spectrum of a Gaussian density says about walking it: the largest stable step of a
 * kernel and how fast it forgets.
 *
 * On N(0, Λ⁻¹) the score is −Λy, so the mean of a kernel that is linear there moves by one 2 × 2
 * matrix for each eigenvalue λ, acting on (y, v). Its trace T and determinant D decide both: it is
 * stable if and only if D < 1 and |T| < 1 + D (Jury), and its spectral radius is the factor by
 * which the slowest combination of (y, v) shrinks in one step. Each kernel brings its own T and D,
 * as functions of a = uδ²λ and the effective friction γδ.
 *
 * The largest λ sets the step, the smallest sets the rate, so κ = λ_max/λ_min is the price. For
 * `ula` the best step, uδ² = 4/(λ_max + λ_min), shrinks all by (κ − 1)/(κ + 1): of the order of κ
 * steps. For `sachs` at a share s of its limit, δ = 2s/√(uλ_max), the slowest mode at its critical
 * friction 2√(uλ_min) shrinks by about e^{−2s/√κ}: of the order of √κ steps.
 */
import { UserError } from '../errors.ts';
import { short } from './checks.ts';
import type { Spectrum } from './spectrum.ts';

/**
 * One step of the mean of (y, v) on a Gaussian of precision λ: the invariants of its 2 × 2 matrix.
 */
export interface LinearStep {
  readonly trace: number;
  readonly determinant: number;
}

/** How a kernel moves the mean on a Gaussian. */
export interface LinearStability {
  /** The step at a = uδ²λ and effective friction γδ. */
  step(a: number, friction: number): LinearStep;
  /** The largest a below which the step shrinks, at an effective friction γδ. */
  limit(friction: number): number;
}

export interface StabilityOptions {
  /** A kernel; only those that are linear on a Gaussian have a `stability`. */
  readonly kernel: { readonly name: string; readonly stability?: LinearStability };
  /** γδ, 0 or more; not used by overdamped kernels. Default 1. */
  readonly effectiveFriction?: number;
  /** u. Default 1. */
  readonly inverseMass?: number;
}

/**
 * Finds the largest δ below which the kernel is stable on this Gaussian: at it, the direction of
 * the largest eigenvalue stops shrinking. In the unit of y when u = 1.
 *
 * @throws UserError for a friction or an inverse mass that makes no sense, or a kernel that is not
 *   linear on a Gaussian.
 */
export function largestStableStep(spectrum: Spectrum, options: StabilityOptions): number {
  const { stability, friction, inverseMass } = checked(options);
  const largest = spectrum.eigenvalues.at(-1)!.value;
  return Math.sqrt(stability.limit(friction) / (inverseMass * largest));
}

/**
 * Computes the factor by which one step of size δ shrinks the slowest combination of (y, v), over
 * all eigenvalues: the autocorrelation of the slowest mode falls like this factor to the number of
 * steps, and its integrated time is of the order of 1/(1 − factor). 1 or more is unstable.
 *
 * @param stepSize δ.
 *
 * @throws UserError for a step, friction or inverse mass that makes no sense, or a kernel that is
 *   not linear on a Gaussian.
 */
export function contraction(
  spectrum: Spectrum,
  stepSize: number,
  options: StabilityOptions,
): number {
  const { stability, friction, inverseMass } = checked(options);
  if (!(stepSize > 0 && Number.isFinite(stepSize))) {
    throw new UserError(`stepSize: ${stepSize} is not a step; give a finite number above 0`, {
      facts: { option: 'stepSize', value: stepSize },
    });
  }
  return Math.max(
    ...spectrum.eigenvalues.map(({ value }) =>
      spectralRadius(stability.step(inverseMass * stepSize * stepSize * value, friction)),
    ),
  );
}

/** Of a real 2 × 2 matrix: √D where its eigenvalues are complex. */
function spectralRadius({ trace, determinant }: LinearStep): number {
  const discriminant = trace * trace - 4 * determinant;
  if (discriminant < 0) return Math.sqrt(determinant);
  return (Math.abs(trace) + Math.sqrt(discriminant)) / 2;
}

function checked({ kernel, effectiveFriction = 1, inverseMass = 1 }: StabilityOptions): {
  readonly stability: LinearStability;
  readonly friction: number;
  readonly inverseMass: number;
} {
  const { name, stability } = kernel;
  if (stability === undefined) {
    throw new UserError(
      `kernel: ${name} is not linear on a Gaussian, so its stability follows from no matrix; take one such as sachs`,
      { code: 'unsupported', facts: { option: 'kernel', value: name } },
    );
  }
  if (!(effectiveFriction >= 0 && Number.isFinite(effectiveFriction))) {
    throw new UserError(
      `effectiveFriction: ${short(effectiveFriction)} is not an effective friction; give a finite number of 0 or more`,
      { facts: { option: 'effectiveFriction', value: effectiveFriction } },
    );
  }
  if (!(inverseMass > 0 && Number.isFinite(inverseMass))) {
    throw new UserError(
      `inverseMass: ${short(inverseMass)} is not one; give a finite number above 0`,
      { facts: { option: 'inverseMass', value: inverseMass } },
    );
  }
  return { stability, friction: effectiveFriction, inverseMass };
}
