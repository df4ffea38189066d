import { classifierFree, type Denoiser, guided } from '../density/index.ts';
import { UserError } from '../errors.ts';
import type { Condition } from '../model/index.ts';
import { fixedGuide } from './fixed.ts';
import type { FixedCoordinates } from './options.ts';

/** What a model's density is steered by. */
export interface SteerOptions {
  /** Class or vector of the chains. Default: none. */
  readonly condition?: Condition | undefined;
  /** w of classifier-free guidance; 1, the default, is the density under the condition. */
  readonly guidance?: number | undefined;
  /** What x̂ is held to, within noise s; see `fixedGuide`. */
  readonly held?: { readonly fixed: FixedCoordinates; readonly noise: number } | undefined;
}

/**
 * Steers a model at each of its levels σ̃: guided away from what it knows without a condition, and
 * towards what is known of x. A weight of 1 and nothing held leave the model as it is.
 *
 * @throws UserError for a weight other than 1 without a condition to guide to; see `classifierFree`
 *   and `fixedGuide`.
 */
export function steeredAt(
  at: (sigma: number, condition?: Condition) => Denoiser,
  { condition = {}, guidance = 1, held }: SteerOptions,
): (sigma: number) => Denoiser {
  if (guidance !== 1 && condition.class === undefined && condition.vector === undefined) {
    throw new UserError(
      'guidance: leads to a class, and none is given; give one, or leave it out',
      {
        facts: { option: 'guidance', value: guidance },
      },
    );
  }
  const guides = held && [fixedGuide(held.fixed, held.noise)];
  return (sigma) => {
    const own = at(sigma, condition);
    const told = guidance === 1 ? own : classifierFree(own, at(sigma, {}), guidance);
    return guides ? guided(told, { guides }) : told;
  };
}

/**
 * Counts the calls of the network in one score of a steered density: two where there is a class to
 * guide to, and as many again for the difference along what is held.
 */
export const callsOfSteered = ({ guidance = 1, held }: SteerOptions): number =>
  (guidance === 1 ? 1 : 2) * (held ? 2 : 1);
