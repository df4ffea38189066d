import type { BayesEstimator, CountDenoiser, Denoiser } from '../density/denoiser.ts';
import { UserError } from '../errors.ts';
import { countTarget, startingCounts } from './count-target.ts';
import { checkFixed, fixedTarget } from './fixed.ts';
import { checkInitial, firstNotFinite, restore, startingPoints } from './initial.ts';
import type { Kernel, State, Walk } from './kernel.ts';
import { countKernels, kernels } from './kernels/index.ts';
import { chainNoise } from './noise.ts';
import {
  type ResolvedOptions,
  resolveCountOptions,
  resolveOptions,
  type WalkJumpOptions,
  walkedMeasurements,
} from './options.ts';
import { type GpsTarget, type JumpTarget, targetOf } from './target.ts';

/** One jump of every chain. The arrays of `ybar` and `xhat` are the receiver's to keep. */
export interface Jump {
  /** Steps made when the jump was taken, burn-in included. */
  readonly step: number;
  /** ȳ or, of counts, their sum; `[chains, d]`. */
  readonly ybar: Float32Array;
  /** x̂ = ν(ȳ) or, of a denoiser that takes all measurements, the mean of its M estimates; `[chains, d]`. */
  readonly xhat: Float32Array;
  /** The walk itself, at this step. The next step changes it: keep a `structuredClone`. */
  readonly state: State;
  /** Acceptance probability of each chain at this step, from kernels with an accept test. */
  readonly acceptance?: Float64Array;
}

/** Longest time, in milliseconds, that a walk keeps the event loop from timers and signals. */
const BREATH = 50;

/**
 * Walk–jump sampling (Saremi & Hyvärinen 2019, "Neural empirical Bayes"; Saremi, Srivastava & Bach
 * 2023, "Universal Smoothed Score Functions for Generative Modeling", sections 2 and 5): Langevin
 * chains walk the M-density of GPS(M, σ̃√M), and every `jumpEvery` steps after the burn-in each
 * jumps to x̂ = ν(ȳ). Of counts it is a walk over counts and the jump is ν of their sum. Jumps are never fed back into the walk. A chain depends on the seed, its
 * index and the options that shape a walk, not on how many chains walk beside it (as long as the
 * denoiser treats rows of a batch alike).
 *
 * @param denoiser ν of the class σ̃, or of the class Mλ of counts; trained once, it serves every M. With its optional `logDensity`
 * kernels that have an accept test can walk too.
 * @throws UserError at the call for an option out of range or a kernel whose log-density the denoiser lacks; while walking, at the first value that
 * is not finite, naming chain and step. Jumps taken before have then been yielded.
 */
export function walkJump(
  denoiser: BayesEstimator,
  options: WalkJumpOptions,
): AsyncGenerator<Jump, void, undefined> {
  return denoiser.rate === undefined
    ? gaussianWalkJump(denoiser, options)
    : countWalkJump(denoiser, options);
}

function gaussianWalkJump(denoiser: Denoiser, options: WalkJumpOptions) {
  const { stacked = 1 } = denoiser;
  const resolved = resolveOptions(stacked > 1 ? forStacked(stacked, options) : options);
  const { chains } = resolved;
  const target = targetOf(denoiser, walkedMeasurements(resolved), chains);
  const kernel: Kernel = kernels[resolved.kernel];
  checkKernel(kernel, target);
  checkInitial(resolved, target.dimension);
  const stepSize = resolved.stepSize * target.sigma;
  const friction = resolved.friction / stepSize;
  const noise = noiseOf(resolved);
  const { fixed } = resolved;
  if (fixed) checkFixed(fixed, chains, target.ybar.length / chains);
  const walked = fixed ? fixedTarget(target, fixed, noise) : target;
  return jumps(resolved, walked, {
    walk: kernel.start(walked, { ...resolved, stepSize, friction }, noise),
    start: () => startingPoints(target, walkedMeasurements(resolved), noise),
  });
}

function countWalkJump(denoiser: CountDenoiser, options: WalkJumpOptions) {
  const resolved = resolveCountOptions(options);
  if (resolved.fixed) {
    throw new UserError(
      'fixed: coordinates are kept in walks of Gaussian noise, and this model is of counts; leave it out',
    );
  }
  const measurements = walkedMeasurements(resolved);
  // One estimator serves every M of its class: the sum of all counts is the member M = 1.
  const target = countTarget(denoiser, measurements, resolved.chains);
  checkInitial(resolved, target.dimension);
  const noise = noiseOf(resolved);
  return jumps(resolved, target, {
    walk: countKernels[resolved.kernel].start(target, resolved, noise),
    start: () => startingCounts(denoiser, measurements, noise),
  });
}

const noiseOf = ({ seed, chains, firstChain }: ResolvedOptions<string>) =>
  chainNoise(seed, chains, firstChain);

/** A walk ready to begin, and where it begins unless it is told. */
interface Begun {
  readonly walk: Walk;
  readonly start: () => Float32Array;
}

/** @throws UserError for options that only a denoiser of ȳ can serve. */
function forStacked(stacked: number, options: WalkJumpOptions): WalkJumpOptions {
  const { measurements = stacked, meanWalk } = options;
  if (measurements !== stacked) {
    throw new UserError(
      `measurements: this model sees all M = ${stacked} measurements and is of these alone, not of ${measurements}; leave it out, or train GPS, which serves every M`,
    );
  }
  if (meanWalk) {
    throw new UserError(
      `meanWalk: this model sees all M = ${stacked} measurements, and gives no score of their mean; leave it out`,
    );
  }
  return { ...options, measurements };
}

async function* jumps(
  options: ResolvedOptions<string>,
  target: JumpTarget,
  { walk, start }: Begun,
): AsyncGenerator<Jump, void, undefined> {
  const { burnIn, jumpEvery, signal, onProgress } = options;
  const initial = options.initial ?? start();
  const state =
    initial instanceof Float32Array
      ? await walk.init(initial)
      : restore(await walk.init(initial.position), initial);
  const steps = burnIn + options.steps;
  let breathed = performance.now();
  while (state.step < steps) {
    signal?.throwIfAborted();
    const { acceptance } = await walk.step(state);
    checkFinite(state.position, 'position', state.step, options);
    onProgress?.({ step: state.step, steps });
    if (performance.now() - breathed > BREATH) {
      // Awaiting a score that is ready at once never returns to the event loop.
      await new Promise((resolve) => setTimeout(resolve, 0));
      breathed = performance.now();
    }
    if (state.step <= burnIn || (state.step - burnIn) % jumpEvery !== 0) continue;
    await target.jump(state.position);
    checkFinite(target.xhat, 'jump', state.step, options);
    yield {
      step: state.step,
      ybar: target.ybar.slice(),
      xhat: target.xhat.slice(),
      state,
      ...(acceptance && { acceptance: acceptance.slice() }),
    };
  }
}

function checkKernel(kernel: Kernel, target: GpsTarget): void {
  if (!kernel.needsLogDensity || target.logDensity !== undefined) return;
  const others = Object.values(kernels).filter((other: Kernel) => !other.needsLogDensity);
  throw new UserError(
    `kernel: ${kernel.name} needs the log-density for its accept test, and this model gives only a score; choose from ${others.map(({ name }) => name).join(', ')}, or a density or model with an energy`,
  );
}

function checkFinite(
  values: Float32Array,
  what: 'position' | 'jump',
  step: number,
  { chains, firstChain, stepSize, inverseMass }: ResolvedOptions<string>,
): void {
  const bad = firstNotFinite(values);
  if (bad < 0) return;
  const chain = firstChain + Math.floor(bad / (values.length / chains));
  const where = `chain ${chain}, step ${step}: the ${what} is ${values[bad]}`;
  const mass = inverseMass === 1 ? '' : ` at inverseMass ${inverseMass}`;
  throw new UserError(
    what === 'position'
      ? `${where}; stepSize ${stepSize}${mass} is probably too large, try ${stepSize / 2} (or the denoiser gives values that are not finite)`
      : `${where}; the denoiser gives values that are not finite, check the model`,
  );
}
