import { sizeOf } from '../data/shape.ts';
import type {
  BayesEstimator,
  CountDenoiser,
  Denoiser,
  DenoiserFamily,
} from '../density/denoiser.ts';
import { UserError } from '../errors.ts';
import { countTarget, startingCounts } from './count-target.ts';
import { checkedWalk } from './find-kernel.ts';
import { checkFixed, fixedTarget } from './fixed.ts';
import { checkInitial, restore, startingPoints } from './initial.ts';
import type { Jump } from './jump.ts';
import type { Kernel, Walk } from './kernel.ts';
import { kernels } from './kernels/index.ts';
import { breathing, checkFinite } from './loop.ts';
import { checkWalkMemory } from './memory.ts';
import { startWalk } from './metric.ts';
import { chainNoise } from './noise.ts';
import {
  type ResolvedOptions,
  resolveCountOptions,
  resolveOptions,
  type WalkJumpOptions,
  walkedMeasurements,
  walkOf,
} from './options.ts';
import { memberOf } from './sequential/member.ts';
import { sequentialWalkJump } from './sequential/walk.ts';
import { type GpsTarget, type JumpTarget, targetOf } from './target.ts';

/**
 * Walks and jumps (Saremi & Hyvärinen 2019, "Neural empirical Bayes"; Saremi, Srivastava & Bach
 * 2023, "Universal Smoothed Score Functions for Generative Modeling", sections 2 and 5): Langevin
 * chains walk the M-density of GPS(M, σ̃√M), and every `jumpEvery` steps after the burn-in each
 * jumps to x̂ = ν(ȳ). Of counts it is a walk over counts and the jump is ν of their sum. Jumps are
 * never fed back into the walk. A chain depends on the seed, its index and the options that shape a
 * walk, not on how many chains walk beside it (as long as the denoiser treats rows of a batch
 * alike).
 *
 * A family of denoisers, one for each noise level, can also be walked one measurement after another
 * (`walk: 'sequential'`, see `sequentialWalkJump`).
 *
 * @param model ν of the class σ̃, or of the class Mλ of counts; trained once, it serves every M.
 *   With its optional `logDensity` kernels that have an accept test can walk too. Or a family of
 *   them.
 *
 * @throws UserError at the call for an option out of range or a kernel whose log-density the
 *   denoiser lacks; while walking, at the first value that is not finite, naming chain and step.
 *   Jumps taken before have then been yielded.
 */
export function walkJump(
  model: BayesEstimator | DenoiserFamily,
  options: WalkJumpOptions,
): AsyncGenerator<Jump, void, undefined> {
  const walk = walkOf(options);
  if (walk === 'sequential' && isFamily(model)) return sequentialWalkJump(model, options);
  if (!('denoise' in model)) {
    const member = memberOf(options);
    if (!member) {
      throw new UserError(
        'effectiveSigma: is missing; a family of denoisers has many classes σ̃, give one',
        { facts: { option: 'effectiveSigma' } },
      );
    }
    const { measurements, effectiveSigma } = member;
    return gaussianWalkJump(model.at(effectiveSigma), { ...options, measurements });
  }
  if (walk === 'sequential') {
    throw new UserError(
      'walk: sequential takes one measurement after another, each at a noise level of its own, and this model knows one level; give a family of denoisers, or walk joint or mean',
      { code: 'unsupported', facts: { option: 'walk', value: walk } },
    );
  }
  checkClass(model, options);
  return model.rate === undefined
    ? gaussianWalkJump(model, options)
    : countWalkJump(model, options);
}

/** A model from a file is a denoiser of one level, and of all others that it knows. */
const isFamily = (model: BayesEstimator | DenoiserFamily): model is DenoiserFamily =>
  'levels' in model &&
  model.levels !== undefined &&
  ('from' in model.levels || model.levels.values.length > 1);

/** @throws UserError where options say another class than that of the model. */
function checkClass(model: BayesEstimator, options: WalkJumpOptions): void {
  const { sigma, effectiveSigma } = options;
  if (sigma === undefined && effectiveSigma === undefined) return;
  const own = model.sigma;
  const { measurements = model.stacked ?? 1 } = options;
  const wanted = effectiveSigma ?? sigma! / Math.sqrt(measurements);
  if (own !== undefined && Math.abs(wanted / own - 1) < 1e-5) return;
  throw new UserError(
    `${sigma === undefined ? 'effectiveSigma' : 'sigma'}: asks for the class ${wanted}, and this model is of ${own === undefined ? 'counts' : own} alone; leave it out`,
    { code: 'level', facts: { option: 'effectiveSigma', value: wanted, sigma: own } },
  );
}

function gaussianWalkJump(denoiser: Denoiser, options: WalkJumpOptions) {
  const { stacked = 1 } = denoiser;
  const resolved = resolveOptions(stacked > 1 ? forStacked(stacked, options) : options);
  const { chains } = resolved;
  const dimension = sizeOf(denoiser.shape);
  checkWalkMemory({ chains, measurements: walkedMeasurements(resolved), dimension });
  const target = targetOf(denoiser, walkedMeasurements(resolved), chains);
  const { kernel } = resolved;
  checkKernel(kernel, target);
  checkInitial(resolved, target.dimension);
  const stepSize = resolved.stepSize * target.sigma;
  const friction = resolved.friction / stepSize;
  const noise = noiseOf(resolved);
  const { fixed } = resolved;
  if (fixed) checkFixed(fixed, chains, target.ybar.length / chains);
  const walked = fixed ? fixedTarget(target, fixed, noise) : target;
  return jumps(resolved, walked, {
    shape: [chains, ...denoiser.shape],
    walk: startWalk(kernel, walked, { ...resolved, stepSize, friction }, noise, resolved.metric),
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
  const { kernel } = resolved;
  const measurements = walkedMeasurements(resolved);
  // One estimator serves every M of its class: the sum of all counts is the member M = 1.
  const target = countTarget(denoiser, measurements, resolved.chains);
  checkInitial(resolved, target.dimension);
  const noise = noiseOf(resolved);
  return jumps(resolved, target, {
    shape: [resolved.chains, ...denoiser.shape],
    walk: checkedWalk(kernel.name, kernel.start(target, resolved, noise)),
    start: () => startingCounts(denoiser, measurements, noise),
  });
}

const noiseOf = ({ seed, chains, firstChain }: ResolvedOptions) =>
  chainNoise(seed, chains, firstChain);

/** A walk ready to begin, and where it begins unless it is told. */
interface Begun {
  readonly shape: Jump['shape'];
  readonly walk: Walk;
  readonly start: () => Float32Array;
}

/** @throws UserError for options that only a denoiser of ȳ can serve. */
function forStacked(stacked: number, options: WalkJumpOptions): WalkJumpOptions {
  const { measurements = stacked } = options;
  if (measurements !== stacked) {
    throw new UserError(
      `measurements: this model sees all M = ${stacked} measurements and is of these alone, not of ${measurements}; leave it out, or train GPS, which serves every M`,
    );
  }
  if (walkOf(options) === 'mean') {
    throw new UserError(
      `walk: this model sees all M = ${stacked} measurements, and gives no score of their mean; leave it out`,
    );
  }
  return { ...options, measurements };
}

async function* jumps(
  options: ResolvedOptions,
  target: JumpTarget,
  { shape, walk, start }: Begun,
): AsyncGenerator<Jump, void, undefined> {
  const { burnIn, jumpEvery, signal, onProgress } = options;
  const { stepSize } = options;
  const place = (step: number) => ({
    ...options,
    step,
    stepSize: ['stepSize', stepSize] as const,
  });
  const initial = options.initial ?? start();
  const state =
    initial instanceof Float32Array
      ? await walk.init(initial)
      : restore(await walk.init(initial.position), initial);
  const steps = burnIn + options.steps;
  const breathe = breathing();
  let called = 0;
  while (state.step < steps) {
    signal?.throwIfAborted();
    const { acceptance } = await walk.step(state);
    checkFinite(state.position, 'position', place(state.step));
    onProgress?.({ step: state.step, steps });
    await breathe();
    if (state.step <= burnIn || (state.step - burnIn) % jumpEvery !== 0) continue;
    await target.jump(state.position);
    checkFinite(target.xhat, 'jump', place(state.step));
    yield {
      step: state.step,
      ybar: target.ybar.slice(),
      xhat: target.xhat.slice(),
      state,
      shape,
      scoreCalls: target.calls.count - called,
      ...(acceptance && { acceptance: acceptance.slice() }),
    };
    called = target.calls.count;
  }
}

function checkKernel(kernel: Kernel, target: GpsTarget): void {
  if (!kernel.needsLogDensity || target.logDensity !== undefined) return;
  const others = Object.values(kernels).filter((other: Kernel) => !other.needsLogDensity);
  throw new UserError(
    `kernel: ${kernel.name} needs the log-density for its accept test, and this model gives only a score; choose from ${others.map(({ name }) => name).join(', ')}, or a density or model with an energy`,
  );
}
