/** The universality class of the chosen noise. */
import { effectiveNoise, universalityClass } from '../../src/density/gps.ts';
import { bounds } from './fields.ts';

export interface Noise {
  /** σ, in the unit of x. */
  readonly sigma: number;
  readonly M: number;
}

/** σ̃ = σ/√M. */
export const classOf = ({ sigma, M }: Noise): number => effectiveNoise(sigma, M);

/**
 * The noise of the member with another M of the same class, rounded to six digits and kept within
 * what may be chosen.
 */
export function memberWith(noise: Noise, M: number): Noise {
  const sigma = universalityClass(noise.M, noise.sigma).members(M);
  const [least, most] = bounds.sigma;
  return { M, sigma: Math.min(most, Math.max(least, Number(sigma.toPrecision(6)))) };
}

/** Members of the class with M = 1, 4, 16, 64 whose σ may be chosen. */
export function someMembers(noise: Noise): readonly Noise[] {
  const exact = universalityClass(noise.M, noise.sigma);
  const [least, most] = bounds.sigma;
  return [1, 4, 16, 64]
    .filter((M) => exact.members(M) >= least * (1 - 1e-6) && exact.members(M) <= most * (1 + 1e-6))
    .map((M) => memberWith(noise, M));
}

/** A number for reading: three digits, with a true minus sign. */
export function show(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value < 0 ? '−∞' : '∞';
  const size = Math.abs(value);
  const text =
    size >= 10 ** 5 || (size > 0 && size < 1e-3)
      ? value.toExponential(digits - 1).replace('e+', 'e')
      : size >= 10 ** digits
        ? String(Math.round(value))
        : String(Number(value.toPrecision(digits)));
  return text.replaceAll('-', '−');
}

/** A coordinate, with as many places however large it is, so that it does not jump about. */
export const showPlace = (value: number): string =>
  Math.abs(value) < 1e4
    ? value
        .toFixed(2)
        .replace(/^-0\.00$/, '0.00')
        .replace('-', '−')
    : show(value);
