import type { Denoiser } from '../density/denoiser.ts';
import { UserError } from '../errors.ts';
import { checkInitial, firstNotFinite, restore, startingPoints } from './initial.ts';
import type { Kernel, State } from './kernel.ts';
import { kernels } from './kernels/index.ts';
import { chainNoise } from './noise.ts';
import {
  type ResolvedOptions,
  resolveOptions,
  type WalkJumpOptions,
  walkedMeasurements,
} from './options.ts';
import { type GpsTarget, targetOf } from './target.ts';

/** One jump of every chain. The arrays of `ybar` and `xhat` are the receiver's to keep. */
export interface Jump {
  /** Steps made when the jump was taken, burn-in included. */
  readonly step: number;
  /** ȳ, `[chains, d]`. */
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
 * jumps to x̂ = ν(ȳ). Jumps are never fed back into the walk. A chain depends on the seed, its
 * index and the options that shape a walk, not on how many chains walk beside it (as long as the
 * denoiser treats rows of a batch alike).
 *
 * @param denoiser ν of the class σ̃; trained once, it serves every M. With its optional `logDensity`
 * kernels that have an accept test can walk too.
 * @throws UserError at the call for an option out of range or a kernel whose log-density the denoiser lacks; while walking, at the first value that
 * is not finite, naming chain and step. Jumps taken before have then been yielded.
 */
export function walkJump(
  denoiser: Denoiser,
  options: WalkJumpOptions,
): AsyncGenerator<Jump, void, undefined> {
  const { stacked = 1 } = denoiser;
  const resolved = resolveOptions(stacked > 1 ? forStacked(stacked, options) : options);
  const { chains } = resolved;
  const target = targetOf(denoiser, walkedMeasurements(resolved), chains);
  checkKernel(kernels[resolved.kernel], target);
  checkInitial(resolved, target.dimension);
  return jumps(target, resolved);
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
  target: GpsTarget,
  options: ResolvedOptions,
): AsyncGenerator<Jump, void, undefined> {
  const { burnIn, jumpEvery, signal, onProgress } = options;
  const noise = chainNoise(options.seed, options.chains, options.firstChain);
  const stepSize = options.stepSize * target.sigma;
  const friction = options.friction / stepSize;
  const kernel: Kernel = kernels[options.kernel];
  const walk = kernel.start(target, { ...options, stepSize, friction }, noise);
  const initial = options.initial ?? startingPoints(target, walkedMeasurements(options), noise);
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
  { chains, firstChain, stepSize, inverseMass }: ResolvedOptions,
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
