import { fillNormal, fillUniform, type Key, type NumberArray, randomKey } from '../random.ts';

/** Purposes that noise is drawn for; each has its own streams. */
export const stream = {
  /** x0 of a walk's starting point, uniform. */
  start: 0,
  /** ε of a walk's starting point, normal. */
  smoothing: 1,
  /** Starting velocity, normal. */
  velocity: 2,
  /** Noise of a step. A kernel that needs several arrays takes `step`, `step + 1`, … */
  step: 3,
  /** Residuals y_m − ȳ drawn for a mean walk, normal; out of the way of step + n. */
  residual: 2 ** 40,
  /** ε of the measurements of fixed coordinates, normal. */
  fixed: 2 ** 40 + 1,
} as const;

/** Room for the purposes of one factor of a sequential walk. */
export const FACTOR_PURPOSES = 2 ** 20;

/**
 * Moves purposes and counters of the same chains' noise on: other numbers, for another part of a
 * walk.
 */
export function movedNoise(noise: ChainNoise, purposes: number, counters: number): ChainNoise {
  return {
    chains: noise.chains,
    normal: (purpose, counter, out) => noise.normal(purpose + purposes, counter + counters, out),
    uniform: (purpose, counter, out) => noise.uniform(purpose + purposes, counter + counters, out),
  };
}

/** The noise of a batch of chains. A chain's numbers depend on its index, never on the batch. */
export interface ChainNoise {
  readonly chains: number;
  /**
   * Fills `out` `[chains, n]` with standard normals, any n; row c is the start of the stream of
   * chain `firstChain + c`.
   *
   * @param purpose a number of `stream`.
   * @param counter which draw of that purpose, such as the step.
   */
  normal(purpose: number, counter: number, out: NumberArray): void;
  /** The same with uniform numbers of (0, 1). */
  uniform(purpose: number, counter: number, out: NumberArray): void;
}

/**
 * Makes noise keyed by seed, chain and purpose, with the step as counter.
 *
 * @throws UserError when `seed` or `firstChain` is not an integer from 0 to 2^53 − 1.
 */
export function chainNoise(seed: number, chains: number, firstChain = 0): ChainNoise {
  const keysOf = new Map<number, readonly Key[]>();
  function keys(purpose: number): readonly Key[] {
    let found = keysOf.get(purpose);
    if (found === undefined) {
      found = Array.from({ length: chains }, (_, c) => randomKey(seed, firstChain + c, purpose));
      keysOf.set(purpose, found);
    }
    return found;
  }
  function rows(fill: typeof fillNormal) {
    return (purpose: number, counter: number, out: NumberArray) => {
      const chainKeys = keys(purpose);
      const width = out.length / chains;
      for (let c = 0; c < chains; c++) {
        fill(chainKeys[c]!, counter, out, c * width, (c + 1) * width);
      }
    };
  }
  return { chains, normal: rows(fillNormal), uniform: rows(fillUniform) };
}
