import type { State } from './kernel.ts';

/** One jump of every chain. The arrays of `ybar` and `xhat` are the receiver's to keep. */
export interface Jump {
  /** Steps made when the jump was taken, burn-in included. */
  readonly step: number;
  /** ȳ or, of counts, their sum; `[chains, d]`. */
  readonly ybar: Float32Array;
  /**
   * x̂ = ν(ȳ) or, of a denoiser that takes all measurements, the mean of its M estimates;
   * `[chains, d]`.
   */
  readonly xhat: Float32Array;
  /** The walk itself, at this step. The next step changes it: keep a `structuredClone`. */
  readonly state: State;
  /** Shape of `ybar` and `xhat`. */
  readonly shape: readonly [chains: number, ...example: number[]];
  /**
   * Denoiser calls since the jump before, or since the walk began or went on; this jump's included.
   */
  readonly scoreCalls: number;
  /** Acceptance probability of each chain at this step, from kernels with an accept test. */
  readonly acceptance?: Float64Array;
}
