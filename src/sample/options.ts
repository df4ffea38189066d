import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { State } from './kernel.ts';
import { type CountKernelName, countKernels, type KernelName, kernels } from './kernels/index.ts';
import { MALT_STEPS } from './kernels/malt.ts';

/**
 * How to walk and when to jump. Lengths are in units of σ = σ̃√M, the noise of one measurement, in
 * both walks. In the walk of y the step is δ = stepSize·σ. In the mean walk it is stepSize·σ̃ at
 * inverse mass u, which is the step stepSize·σ at inverse mass u/M, that of a mean of M velocities.
 * So at equal options ȳ has one law in both, step for step, with any kernel that has no accept test.
 */
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
  /** δ/σ, above 0; of counts, the time of a step in lifetimes of a count. Default 1/2. */
  readonly stepSize?: number;
  /** Effective friction γδ of one step, above 0; walks of counts have none. Default 1/2. */
  readonly friction?: number;
  /** u, above 0; walks of counts have none. Default 1. */
  readonly inverseMass?: number;
  /** 0 to 2^53 − 1. Default 0. */
  readonly seed?: number;
  /** Index of the first chain: chains 50.. of a run are the same alone as in the whole. Default 0. */
  readonly firstChain?: number;
  /** Default `sachs`; `mala` and `malt` need a denoiser with `logDensity`. Of counts: default `tau-leap`. */
  readonly kernel?: KernelName | CountKernelName;
  /** L, steps of one trajectory of `malt`, at least 1. Default 10. */
  readonly trajectorySteps?: number;
  /**
   * Walks ȳ ∈ R^d at the score (ν(ȳ) − ȳ)/σ̃² in place of y ∈ R^{Md}: given ȳ, the rest of y is exactly
   * normal whatever the data, see `drawMeasurements`. The cost of a step does not depend on M. At
   * M = 1 it is the walk of y to the bit. Of counts it walks their sum. Default false.
   */
  readonly meanWalk?: boolean;
  /**
   * Where to start: positions `[chains, M, d]`, those of ȳ `[chains, d]` in a mean walk, or the saved State of a walk with the same options,
   * which then goes on from its step to the same bits. Default: y_m = x0 + σ ε_m, x0 uniform in [0, 1]^d; of
   * counts those of the background alone.
   */
  readonly initial?: Float32Array | State;
  /** Coordinates of x that are known: the walk fills in the others. Default: none. */
  readonly fixed?: FixedCoordinates;
  /** Stops the walk between two steps by throwing the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after every step with the steps made and the steps in all, burn-in included. */
  readonly onProgress?: (progress: { readonly step: number; readonly steps: number }) => void;
}

/** What is known of x. */
export interface FixedCoordinates {
  /** `[d]`: other than 0 where a coordinate is known. */
  readonly mask: Uint8Array;
  /** `[d]`, the same for all chains, or `[chains, d]`; read where the mask says so. */
  readonly values: Float32Array;
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
  trajectorySteps: MALT_STEPS,
  meanWalk: false,
} as const;

/** Options with their defaults filled in, and a kernel of the kind that was asked for. */
export type ResolvedOptions<Name extends string = KernelName> = Omit<WalkJumpOptions, 'kernel'> &
  Required<Omit<WalkJumpOptions, 'kernel' | 'initial' | 'fixed' | 'signal' | 'onProgress'>> & {
    readonly kernel: Name;
  };

/**
 * Fills in the defaults for a walk of Gaussian measurements.
 *
 * @throws UserError naming the first option out of range, its value and the range.
 */
export function resolveOptions(options: WalkJumpOptions): ResolvedOptions {
  return resolve(options, kernels, 'sachs');
}

/** The same for a walk of counts. */
export function resolveCountOptions(options: WalkJumpOptions): ResolvedOptions<CountKernelName> {
  return resolve(options, countKernels, 'tau-leap');
}

function resolve<Name extends string>(
  options: WalkJumpOptions,
  among: Readonly<Record<Name, unknown>>,
  usual: Name,
): ResolvedOptions<Name> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved = {
    ...defaults,
    kernel: usual,
    ...(Object.fromEntries(given) as Omit<typeof options, 'kernel'> & { readonly kernel?: Name }),
  };
  for (const name of ['measurements', 'chains', 'steps', 'jumpEvery', 'trajectorySteps'] as const) {
    checkWhole(name, resolved[name], 1);
  }
  for (const name of ['burnIn', 'seed', 'firstChain'] as const) checkWhole(name, resolved[name], 0);
  for (const name of ['stepSize', 'friction', 'inverseMass'] as const) {
    checkPositive(name, resolved[name]);
  }
  if (typeof resolved.meanWalk !== 'boolean') {
    throw new UserError(
      `meanWalk: ${String(resolved.meanWalk)} is neither true nor false; give one`,
    );
  }
  checkKernelName(resolved.kernel, Object.keys(among));
  return resolved;
}

function checkKernelName(kernel: string, names: readonly string[]): void {
  if (names.includes(kernel)) return;
  const known = Object.hasOwn(kernels, kernel) || Object.hasOwn(countKernels, kernel);
  const problem = known
    ? `${kernel} walks ${Object.hasOwn(countKernels, kernel) ? 'counts, and this model is of Gaussian noise' : 'Gaussian noise, and this model is of counts'}`
    : `no kernel is called ${JSON.stringify(kernel)}`;
  const hint = known ? '' : `.${didYouMean(String(kernel), names)}`;
  throw new UserError(`kernel: ${problem}; choose from ${names.join(', ')}${hint}`);
}

/** Measurements in the position of one chain: 1 where only their mean walks. */
export function walkedMeasurements({
  meanWalk,
  measurements,
}: Pick<ResolvedOptions, 'meanWalk' | 'measurements'>): number {
  return meanWalk ? 1 : measurements;
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
