import { UserError } from '../errors.ts';
import { findCountKernel, findKernel } from './find-kernel.ts';
import type { CountTarget, Kernel, State } from './kernel.ts';
import type { CountKernelName, KernelName } from './kernels/index.ts';
import { MALT_STEPS } from './kernels/malt.ts';
import type { Metric } from './metric.ts';
import type { Blocks } from './sequential/member.ts';

/**
 * How to walk and when to jump. Lengths are in units of σ = σ̃√M, the noise of one measurement, in
 * both walks. In the walk of y the step is δ = stepSize·σ. In the mean walk it is stepSize·σ̃ at
 * inverse mass u, which is the step stepSize·σ at inverse mass u/M, that of a mean of M velocities.
 * So at equal options ȳ has one law in both, step for step, with any kernel that has no accept
 * test.
 */
export interface WalkJumpOptions {
  /** M, at least 1; the walk is in the member (M, σ̃√M) of the denoiser's class. Default 1. */
  readonly measurements?: number;
  /** σ of one measurement, in units of x: for families, which have many classes. */
  readonly sigma?: number;
  /** σ̃ = σ/√M, the class: for families. */
  readonly effectiveSigma?: number;
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
  /**
   * Index of the first chain: chains 50.. of a run are the same alone as in the whole. Default 0.
   */
  readonly firstChain?: number;
  /**
   * A kernel, or the name of one of `kernels` (of counts: `countKernels`). `mala` and `malt` need a
   * denoiser with `logDensity`. Default `sachs`; of counts `tau-leap`.
   */
  readonly kernel?: KernelOption;
  /** L, steps of one trajectory of `malt`, at least 1. Default 10. */
  readonly trajectorySteps?: number;
  /**
   * What walks. `joint`: y ∈ R^{Md}. `mean`: ȳ ∈ R^d at the score (ν(ȳ) − ȳ)/σ̃²; given ȳ, the rest
   * of y is exactly normal whatever the data, see `drawMeasurements`. The cost of a step does not
   * depend on M; at M = 1 it is the walk of y to the bit; of counts it walks their sum.
   * `sequential`: y_1, then each further measurement given those before; it needs a family, see
   * `sequentialWalkJump`, where some defaults are others. Default `joint`.
   */
  readonly walk?: WalkKind;
  /** As `walk: 'mean'`; in records of older walks. */
  readonly meanWalk?: boolean;
  /**
   * Sequential: sizes of the blocks of measurements that are taken together. Default `doubling`.
   */
  readonly blocks?: Blocks;
  /** Sequential: steps of each factor after the first. Default 4. */
  readonly factorSteps?: number;
  /** Sequential: their δ, in units of the noise of the block, σ/√b. Default 1. */
  readonly factorStepSize?: number;
  /** Sequential: their γδ. Default 1. */
  readonly factorFriction?: number;
  /**
   * Sequential: y_1 starts anew for each draw, which makes draws independent; else its chain runs
   * on. Default true.
   */
  readonly freshStarts?: boolean;
  /**
   * Where to start: positions `[chains, M, d]`, those of ȳ `[chains, d]` in a mean walk, or the
   * saved State of a walk with the same options, which then goes on from its step to the same bits.
   * Default: y_m = x0 + σ ε_m, x0 uniform in [0, 1]^d; of counts those of the background alone.
   */
  readonly initial?: Float32Array | State;
  /**
   * Coordinates that the walk moves in, of d dimensions, such as `metricOf`. Default: those of x.
   */
  readonly metric?: Metric;
  /** Coordinates of x that are known: the walk fills in the others. Default: none. */
  readonly fixed?: FixedCoordinates;
  /** Stops the walk between two steps by throwing the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after every step with the steps made and the steps in all, burn-in included. */
  readonly onProgress?: (progress: { readonly step: number; readonly steps: number }) => void;
  /** Sequential: called after every step with how far the jump under way has come. */
  readonly onMeasured?: (progress: MeasuringProgress) => void;
}

/** How far a jump of a sequential walk has come. */
export interface MeasuringProgress {
  /** Measurements that are made: 0 while y_1 is walked. */
  readonly measured: number;
  /** M. */
  readonly measurements: number;
}

/** What walks: all measurements, their mean, or one after another. */
export type WalkKind = 'joint' | 'mean' | 'sequential';

/** A kernel by itself or by name, of Gaussian measurements or of counts. */
export type KernelOption = Kernel | Kernel<State, CountTarget> | KernelName | CountKernelName;

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
} as const;

/** Options with their defaults filled in, and a kernel of the kind that was asked for. */
export type ResolvedOptions<K = unknown> = Omit<WalkJumpOptions, 'kernel' | 'walk'> &
  Required<Pick<WalkJumpOptions, keyof typeof defaults>> & {
    readonly kernel: K;
    readonly walk: WalkKind;
  };

/**
 * Fills in the defaults for a walk of Gaussian measurements.
 *
 * @throws UserError naming the first option out of range, its value and the range.
 */
export function resolveOptions(options: WalkJumpOptions): ResolvedOptions<Kernel> {
  return resolve(options, findKernel(options.kernel));
}

/** Resolves the options of a walk of counts. */
export function resolveCountOptions(
  options: WalkJumpOptions,
): ResolvedOptions<Kernel<State, CountTarget>> {
  return resolve(options, findCountKernel(options.kernel));
}

function resolve<K>(options: WalkJumpOptions, kernel: K): ResolvedOptions<K> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved = {
    ...defaults,
    ...(Object.fromEntries(given) as typeof options),
    kernel,
    walk: walkOf(options),
  };
  for (const name of ['measurements', 'chains', 'steps', 'jumpEvery', 'trajectorySteps'] as const) {
    checkWhole(name, resolved[name], 1);
  }
  for (const name of ['burnIn', 'seed', 'firstChain'] as const) checkWhole(name, resolved[name], 0);
  for (const name of ['stepSize', 'friction', 'inverseMass'] as const) {
    checkPositive(name, resolved[name]);
  }
  return resolved;
}

const walks: readonly WalkKind[] = ['joint', 'mean', 'sequential'];

/**
 * Reads the option `walk`, or what `meanWalk` says of it.
 *
 * @throws UserError for another value, or where the two disagree.
 */
export function walkOf({ walk, meanWalk }: Pick<WalkJumpOptions, 'walk' | 'meanWalk'>): WalkKind {
  if (meanWalk !== undefined && typeof meanWalk !== 'boolean') {
    throw new UserError(`meanWalk: ${String(meanWalk)} is neither true nor false; give one`, {
      facts: { option: 'meanWalk', value: meanWalk },
    });
  }
  if (walk === undefined) return meanWalk ? 'mean' : 'joint';
  if (!walks.includes(walk) || (meanWalk && walk !== 'mean')) {
    const also = meanWalk ? ' beside meanWalk' : '';
    throw new UserError(`walk: ${String(walk)} is none${also}; give one of ${walks.join(', ')}`, {
      facts: { option: 'walk', value: walk },
    });
  }
  return walk;
}

/** Counts the measurements in the position of one chain: 1 where only their mean walks. */
export function walkedMeasurements({
  walk,
  measurements,
}: Pick<ResolvedOptions, 'walk' | 'measurements'>): number {
  return walk === 'joint' ? measurements : 1;
}

/**
 * Checks that an option is a whole number of at least `least`.
 *
 * @throws UserError unless an option is a whole number of at least `least`.
 */
export function checkWhole(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new UserError(
    `${name}: ${String(value)} is out of range; give a whole number of at least ${least}`,
  );
}

/**
 * Checks that an option is a finite number above 0.
 *
 * @throws UserError unless an option is finite and above 0.
 */
export function checkPositive(name: string, value: unknown): void {
  if (Number.isFinite(value) && (value as number) > 0) return;
  throw new UserError(`${name}: ${String(value)} is out of range; give a finite number above 0`);
}
