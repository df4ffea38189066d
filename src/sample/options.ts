import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { State } from './kernel.ts';
import { type KernelName, kernels } from './kernels/index.ts';

/** How to walk and when to jump. Lengths are in units of σ = σ̃√M, the noise of one measurement. */
export interface WalkJumpOptions {
  /** M, at least 1; the walk is in the member (M, σ̃√M) of the denoiser's class. Default 1. */
  readonly measurements?: number;
  /** Chains, walked as one batch. */
  readonly chains: number;
  /** Steps of each chain after the burn-in. */
  readonly steps: number;
  /** Steps before those, which no jump follows. Default 0. */
  readonly burnIn?: number;
  /** Steps from one jump to the next. Default 1. */
  readonly jumpEvery?: number;
  /** δ/σ, above 0. Default 1/2. */
  readonly stepSize?: number;
  /** Effective friction γδ of one step, above 0. Default 1/2. */
  readonly friction?: number;
  /** u, above 0. Default 1. */
  readonly inverseMass?: number;
  /** 0 to 2^53 − 1. Default 0. */
  readonly seed?: number;
  /** Index of the first chain: chains 50.. of a run are the same alone as in the whole. Default 0. */
  readonly firstChain?: number;
  /** Default `sachs`. */
  readonly kernel?: KernelName;
  /**
   * Where to start: positions `[chains, M, d]`, or the saved State of a walk with the same options,
   * which then goes on from its step to the same bits. Default: y_m = x0 + σ ε_m, x0 uniform in [0, 1]^d.
   */
  readonly initial?: Float32Array | State;
  /** Stops the walk between two steps by throwing the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after every step with the steps made and the steps in all, burn-in included. */
  readonly onProgress?: (progress: { readonly step: number; readonly steps: number }) => void;
}

const defaults = {
  measurements: 1,
  burnIn: 0,
  jumpEvery: 1,
  stepSize: 0.5,
  friction: 0.5,
  inverseMass: 1,
  seed: 0,
  firstChain: 0,
  kernel: 'sachs',
} as const;

/** Options with their defaults filled in. */
export type ResolvedOptions = WalkJumpOptions &
  Required<Omit<WalkJumpOptions, 'initial' | 'signal' | 'onProgress'>>;

/**
 * Fills in the defaults.
 *
 * @throws UserError naming the first option out of range, its value and the range.
 */
export function resolveOptions(options: WalkJumpOptions): ResolvedOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: ResolvedOptions = {
    ...defaults,
    ...(Object.fromEntries(given) as typeof options),
  };
  for (const name of ['measurements', 'chains', 'steps', 'jumpEvery'] as const) {
    checkWhole(name, resolved[name], 1);
  }
  for (const name of ['burnIn', 'seed', 'firstChain'] as const) checkWhole(name, resolved[name], 0);
  for (const name of ['stepSize', 'friction', 'inverseMass'] as const) {
    checkPositive(name, resolved[name]);
  }
  if (!Object.hasOwn(kernels, resolved.kernel)) {
    const names = Object.keys(kernels);
    throw new UserError(
      `kernel: no kernel is called ${JSON.stringify(resolved.kernel)}; choose from ${names.join(', ')}.${didYouMean(String(resolved.kernel), names)}`,
    );
  }
  return resolved;
}

function checkWhole(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new UserError(
    `${name}: ${String(value)} is out of range; give a whole number of at least ${least}`,
  );
}

function checkPositive(name: string, value: unknown): void {
  if (Number.isFinite(value) && (value as number) > 0) return;
  throw new UserError(`${name}: ${String(value)} is out of range; give a finite number above 0`);
}
