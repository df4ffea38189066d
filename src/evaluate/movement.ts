import { UserError } from '../errors.ts';
import type { NumberArray } from '../random.ts';
import { type ChainDraws, checkDraws, meanOf, varianceOf } from './draws.ts';

/** One number per step of every chain. */
export interface ChainSteps {
  /** Row-major: all steps of chain 0 first. */
  readonly data: NumberArray | Uint8Array;
  readonly shape: readonly [chains: number, steps: number];
}

/** How often proposals were accepted. */
export interface Acceptance {
  /** Over all steps of all chains, 0 to 1. */
  readonly mean: number;
  /** Of each chain, `[chains]`. */
  readonly perChain: Float64Array;
  /** The chain that accepted least, the first of equals. */
  readonly lowest: { readonly chain: number; readonly rate: number };
}

/**
 * Summarises the acceptance of Metropolis steps.
 *
 * @param accepted 0 or 1 for each step, or the probability of acceptance.
 * @throws UserError for a number outside [0, 1], naming chain and step.
 */
export function acceptanceSummary(accepted: ChainSteps): Acceptance {
  checkSteps('acceptanceSummary', accepted, (x) => x >= 0 && x <= 1, 'from 0 to 1');
  const [chains, steps] = accepted.shape;
  const perChain = Float64Array.from({ length: chains }, (_, chain) =>
    meanOf(accepted.data.subarray(chain * steps, (chain + 1) * steps)),
  );
  const rate = Math.min(...perChain);
  return { mean: meanOf(perChain), perChain, lowest: { chain: perChain.indexOf(rate), rate } };
}

/** What the energy errors of proposals say about the step size. */
export interface EnergyError {
  /**
   * Over the proposals with a finite error; Infinity where there is none. 0 is exact integration.
   */
  readonly mean: number;
  /** Over the same, around `mean`; 0 for a single one, Infinity where there is none. */
  readonly standardDeviation: number;
  /** Largest absolute value among them; Infinity where there is none. */
  readonly largest: number;
  /**
   * Mean of min(1, e^−ΔH) over all proposals. In equilibrium 2Φ(−s/2) if ΔH is normal, s its
   * deviation.
   */
  readonly acceptance: number;
  /** Proposals with ΔH = ∞: the integrator diverged. */
  readonly diverged: number;
}

/**
 * Summarises energy errors ΔH = H(proposal) − H(state), in nats.
 *
 * @throws UserError for NaN or −∞, naming chain and step.
 */
export function energyErrorSummary(errors: ChainSteps): EnergyError {
  checkSteps(
    'energyErrorSummary',
    errors,
    (x) => x > Number.NEGATIVE_INFINITY,
    'a number or Infinity',
  );
  const finite = Float64Array.from(errors.data).filter(Number.isFinite);
  const acceptance = meanOf(Float64Array.from(errors.data, (x) => Math.min(1, Math.exp(-x))));
  const diverged = errors.data.length - finite.length;
  if (finite.length === 0) {
    const none = Number.POSITIVE_INFINITY;
    return { mean: none, standardDeviation: none, largest: none, acceptance, diverged };
  }
  return {
    mean: meanOf(finite),
    standardDeviation: finite.length > 1 ? Math.sqrt(varianceOf(finite)) : 0,
    largest: finite.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
    acceptance,
    diverged,
  };
}

/** Squared distances from one draw to the next. */
export interface JumpDistance {
  /** E‖x_{t+1} − x_t‖² over all chains, the sum of `perCoordinate`. */
  readonly mean: number;
  /** E(x_{t+1} − x_t)², `[d]`; of a stationary chain 2(1 − ρ₁) times the variance. */
  readonly perCoordinate: Float64Array;
  /** E‖x_{t+1} − x_t‖² of each chain, `[chains]`; 0 is a chain that never moved. */
  readonly perChain: Float64Array;
}

/**
 * Computes the expected squared jump distance (Pasarica & Gelman 2010, "Adaptively scaling the
 * Metropolis algorithm using expected squared jumped distance"), in squared units of the draws.
 *
 * @throws UserError for fewer than 2 draws per chain or a value that is not finite.
 */
export function squaredJumpDistance(draws: ChainDraws): JumpDistance {
  checkDraws('squaredJumpDistance', draws, 2);
  const [chains, count, dimension] = draws.shape;
  const perCoordinate = new Float64Array(dimension);
  const perChain = new Float64Array(chains);
  for (let chain = 0; chain < chains; chain++) {
    const first = chain * count * dimension;
    for (let at = first + dimension; at < first + count * dimension; at++) {
      const square = (draws.data[at]! - draws.data[at - dimension]!) ** 2;
      perChain[chain]! += square / (count - 1);
      perCoordinate[(at - first) % dimension]! += square / ((count - 1) * chains);
    }
  }
  return { mean: perCoordinate.reduce((sum, x) => sum + x, 0), perCoordinate, perChain };
}

function checkSteps(
  diagnostic: string,
  { data, shape }: ChainSteps,
  valid: (value: number) => boolean,
  range: string,
): void {
  const [chains, steps] = shape;
  if (!(chains >= 1 && steps >= 1)) {
    throw new UserError(
      `${diagnostic}: shape [${shape.join(', ')}]; at least one step of one chain is needed`,
      { code: 'shape', facts: { diagnostic, shape } },
    );
  }
  if (data.length !== chains * steps) {
    throw new UserError(
      `${diagnostic}: ${data.length} values do not fill shape [${shape.join(', ')}]`,
      { code: 'shape', facts: { diagnostic, shape, values: data.length } },
    );
  }
  const bad = Array.prototype.findIndex.call(data, (value: number) => !valid(value));
  if (bad < 0) return;
  throw new UserError(
    `${diagnostic}: chain ${Math.floor(bad / steps)}, step ${bad % steps} is ${data[bad]}, which is not ${range}`,
    { facts: { diagnostic, chain: Math.floor(bad / steps), step: bad % steps, value: data[bad] } },
  );
}
