import { gaussianNoise } from '../../../src/density/noise.ts';
import { type Eigenvalue, gaussianSpectrumOf } from '../../../src/density/spectrum.ts';
import { UserError } from '../../../src/errors.ts';
import type { PlaneTarget } from '../../target/density.ts';
import type { Noise } from '../../target/noise.ts';

/** The precision of y for a Gaussian of the target's covariance. */
export interface ShownSpectrum {
  /** Ascending, in units of 1/x². */
  readonly eigenvalues: readonly Eigenvalue[];
  readonly conditionNumber: number;
  /** κ at M = 1 of the same class. */
  readonly alone: number;
}

/** The spectrum, or why there is none: noise may be beyond double precision. */
export function spectrumOf(
  { covariance }: PlaneTarget,
  { sigma, M }: Noise,
): ShownSpectrum | { readonly problem: string } {
  try {
    const { eigenvalues, conditionNumber } = gaussianSpectrumOf(
      covariance,
      gaussianNoise(sigma, M),
    );
    const alone = gaussianSpectrumOf(covariance, gaussianNoise(sigma / Math.sqrt(M), 1));
    return { eigenvalues, conditionNumber, alone: alone.conditionNumber };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: error.message };
  }
}
