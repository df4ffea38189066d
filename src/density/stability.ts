/**
 * What the spectrum of a Gaussian density says about walking it: the largest stable step of a
 * kernel and how fast it forgets.
 *
 * On N(0, Λ⁻¹) the score is −Λy, so the mean of every kernel here moves by one 2 × 2 matrix for
 * each eigenvalue λ, acting on (y, v). Its trace T and determinant D decide both: it is stable if
 * and only if D < 1 and |T| < 1 + D (Jury), and its spectral radius is the factor by which the
 * slowest combination of (y, v) shrinks in one step. With c = e^{−γδ}, a = uδ²λ:
 *
 * - `sachs`, `baoab`: T = (1 + c)(1 − a/2), D = c. Stable for a < 4, whatever the friction.
 * - `cheng`, with f = γδ, A = a(f − 1 + c)/f², B = a(1 − c)²/f²: T = 1 + c − A, D = c(1 − A) + B.
 *   Stable for B − cA < 1 − c and (1 + c)A − B < 2(1 + c).
 * - `ula`, `baoab-limit`: y alone, by 1 − δ²λ/2; stable for δ²λ < 4. Friction and u play no part.
 *
 * The largest λ sets the step, the smallest sets the rate, so κ = λ_max/λ_min is the price. For
 * `ula` the best step, δ² = 4/(λ_max + λ_min), shrinks all by (κ − 1)/(κ + 1): of the order of κ
 * steps. For `sachs` at a share s of its limit, δ = 2s/√(uλ_max), the slowest mode at its critical
 * friction 2√(uλ_min) shrinks by about e^{−2s/√κ}: of the order of √κ steps.
 */
import { UserError } from '../errors.ts';
import { short } from './checks.ts';
import type { Spectrum } from './spectrum.ts';

/** Kernels whose mean is linear on a Gaussian. */
export const linearKernels = ['sachs', 'baoab', 'cheng', 'ula', 'baoab-limit'] as const;
export type LinearKernel = (typeof linearKernels)[number];

export interface StabilityOptions {
  readonly kernel: LinearKernel;
  /** γδ, 0 or more; not used by `ula` and `baoab-limit`. */
  readonly effectiveFriction?: number;
  /** u; 1 by default. Not used by `ula` and `baoab-limit`. */
  readonly inverseMass?: number;
}

/**
 * The largest δ below which the kernel is stable on this Gaussian: at it, the direction of the
 * largest eigenvalue stops shrinking. In the unit of y when u = 1.
 *
 * @throws UserError for a friction or an inverse mass that makes no sense.
 */
export function largestStableStep(spectrum: Spectrum, options: StabilityOptions): number {
  const { kernel, friction, inverseMass } = checked(options);
  const largest = spectrum.eigenvalues.at(-1)!.value;
  if (kernel === 'ula' || kernel === 'baoab-limit') return 2 / Math.sqrt(largest);
  if (kernel === 'sachs' || kernel === 'baoab') return 2 / Math.sqrt(inverseMass * largest);
  const { keep, drift, kick } = chengFactors(friction);
  // A = a · drift and B = a · kick, so that both conditions bound a = uδ²λ.
  const energy =
    kick > keep * drift ? (1 - keep) / (kick - keep * drift) : Number.POSITIVE_INFINITY;
  const turn = (1 + keep) * drift - kick;
  const sign = turn > 0 ? (2 * (1 + keep)) / turn : Number.POSITIVE_INFINITY;
  return Math.sqrt(Math.min(energy, sign) / (inverseMass * largest));
}

/**
 * The factor by which one step of size δ shrinks the slowest combination of (y, v), over all
 * eigenvalues: the autocorrelation of the slowest mode falls like this factor to the number of
 * steps, and its integrated time is of the order of 1/(1 − factor). 1 or more is unstable.
 *
 * @param stepSize δ.
 * @throws UserError for a step, friction or inverse mass that makes no sense.
 */
export function contraction(
  spectrum: Spectrum,
  stepSize: number,
  options: StabilityOptions,
): number {
  const { kernel, friction, inverseMass } = checked(options);
  if (!(stepSize > 0 && Number.isFinite(stepSize))) {
    throw new UserError(`step-size: ${stepSize} is not a step; give a finite number above 0`);
  }
  return Math.max(
    ...spectrum.eigenvalues.map(({ value }) => {
      const a = stepSize * stepSize * value;
      if (kernel === 'ula' || kernel === 'baoab-limit') return Math.abs(1 - a / 2);
      const { trace, determinant } =
        kernel === 'cheng'
          ? chengStep(inverseMass * a, friction)
          : verletStep(inverseMass * a, friction);
      return spectralRadius(trace, determinant);
    }),
  );
}

interface LinearStep {
  readonly trace: number;
  readonly determinant: number;
}

function verletStep(a: number, friction: number): LinearStep {
  const keep = Math.exp(-friction);
  return { trace: (1 + keep) * (1 - a / 2), determinant: keep };
}

function chengStep(a: number, friction: number): LinearStep {
  const { keep, drift, kick } = chengFactors(friction);
  return { trace: 1 + keep - a * drift, determinant: keep * (1 - a * drift) + a * kick };
}

/** c, (f − 1 + c)/f² and (1 − c)²/f²; the limits at f = 0 are 1, 1/2 and 1. */
function chengFactors(friction: number): {
  readonly keep: number;
  readonly drift: number;
  readonly kick: number;
} {
  const keep = Math.exp(-friction);
  if (friction < 1e-3) {
    // Taylor series: the closed form loses all its digits here.
    const drift = 1 / 2 - friction / 6 + (friction * friction) / 24;
    return { keep, drift, kick: 1 - friction + (7 / 12) * friction * friction };
  }
  const lost = -Math.expm1(-friction);
  const square = friction * friction;
  return { keep, drift: (friction - lost) / square, kick: (lost * lost) / square };
}

/** Of a real 2 × 2 matrix: √D where its eigenvalues are complex. */
function spectralRadius(trace: number, determinant: number): number {
  const discriminant = trace * trace - 4 * determinant;
  if (discriminant < 0) return Math.sqrt(determinant);
  return (Math.abs(trace) + Math.sqrt(discriminant)) / 2;
}

function checked({ kernel, effectiveFriction = 1, inverseMass = 1 }: StabilityOptions): {
  readonly kernel: LinearKernel;
  readonly friction: number;
  readonly inverseMass: number;
} {
  if (!(effectiveFriction >= 0 && Number.isFinite(effectiveFriction))) {
    throw new UserError(
      `friction: ${short(effectiveFriction)} is not an effective friction; give a finite number of 0 or more`,
    );
  }
  if (!(inverseMass > 0 && Number.isFinite(inverseMass))) {
    throw new UserError(
      `inverse-mass: ${short(inverseMass)} is not one; give a finite number above 0`,
    );
  }
  return { kernel, friction: effectiveFriction, inverseMass };
}
