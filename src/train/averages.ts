/**
 * Moving averages of parameters that a step keeps, each by the weight that the newest parameters
 * get.
 */

export interface Average {
  /** Name of its vector. */
  readonly name: string;
  /** How much of the way to the newest parameters it goes at a step, counted from 1. */
  weight(step: number): number;
}

/** The vector that is the model. */
export const AVERAGE = 'average';

/**
 * The two power-function averages that snapshots hold, by vector, with their relative lengths:
 * those of Karras et al. 2024, section 3.2.
 */
export const powerLengths = { average05: 0.05, average10: 0.1 } as const;
export const powerNames = Object.keys(powerLengths) as (keyof typeof powerLengths)[];

export const emaRamps = ['none', 'early'] as const;
export type EmaRamp = (typeof emaRamps)[number];

export interface AverageOptions {
  /** Decay of the average that is the model. */
  readonly ema: number;
  /**
   * `early`: it follows faster at first, its decay at step t is at most (1 + t)/(10 + t). Default
   * `none`.
   */
  readonly emaRamp?: EmaRamp | undefined;
  /** Steps between snapshots of the power-function averages; 0: these are not kept. */
  readonly snapshotEvery?: number | undefined;
}

/** Lists the averages that a configuration keeps. */
export function averagesOf({ ema, emaRamp = 'none', snapshotEvery = 0 }: AverageOptions) {
  const decay = (step: number) =>
    emaRamp === 'early' ? Math.min(ema, (1 + step) / (10 + step)) : ema;
  const averages: Average[] = [{ name: AVERAGE, weight: (step) => 1 - decay(step) }];
  if (snapshotEvery === 0) return averages;
  for (const name of powerNames) averages.push(powerAverage(name, powerLengths[name]));
  return averages;
}

/**
 * Makes the average with the weights of τ^γ at time τ ≤ t (Karras et al. 2024, section 3.1): it
 * forgets its start by itself, and is as long, relative to the training so far, at any step.
 *
 * @param length Standard deviation of its weights in time, relative to t.
 */
export function powerAverage(name: string, length: number): Average {
  const exponent = exponentOf(length) + 1;
  // 1 − (1 − 1/t)^(γ + 1), without what subtraction would lose.
  return { name, weight: (step) => -Math.expm1(exponent * Math.log1p(-1 / step)) };
}

/** Relative length of the plain mean of everything so far, γ = 0: the longest average. */
export const LONGEST = 1 / Math.sqrt(12);

/**
 * Solves for γ of weights ∝ τ^γ on [0, 1] whose standard deviation is `length`: the root ≥ 0 of
 * (γ + 2)²(γ + 3) length² = γ + 1. Lengths are in (0, 1/√12].
 */
export function exponentOf(length: number): number {
  const lengthOf = (gamma: number) => Math.sqrt((gamma + 1) / (gamma + 3)) / (gamma + 2);
  let [low, high] = [0, 1];
  while (lengthOf(high) > length) high *= 2;
  for (let round = 0; round < 200 && low < high; round++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (lengthOf(middle) > length) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
