import type { DenoiserFamily } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { checkInitial, startingPoints } from '../initial.ts';
import type { Jump } from '../jump.ts';
import type { Info, Walk } from '../kernel.ts';
import { breathing, checkFinite } from '../loop.ts';
import { startWalk } from '../metric.ts';
import { type ChainNoise, chainNoise, FACTOR_PURPOSES, movedNoise, stream } from '../noise.ts';
import type { WalkJumpOptions } from '../options.ts';
import type { GpsTarget } from '../target.ts';
import { type FactorWork, factorTarget } from './factor.ts';
import { blockSizes, levelsOf, type Member, sequentialMember } from './member.ts';
import { resolveSequential, type SequentialOptions } from './options.ts';
import { copyArrays, restoreSequential, type SequentialState } from './state.ts';

/**
 * Walks the M-density one measurement after another (Saremi, Park & Bach 2023, "Chain of
 * log-concave Markov chains", arXiv 2305.19473): p(y) = p(y_1) Π p(y_t | y_1 … y_{t−1}), then jumps
 * from the mean of all. Every factor is smoother than the joint density, and its score takes only ν
 * of the level σ/√t, so that a family of denoisers is needed; see `factorTarget`.
 *
 * y_1 is walked `jumpEvery` steps for each draw, from a start of its own (`freshStarts`, draws are
 * then independent) or from where the draw before left it. A further factor begins at
 * z = x̂(before) + σ ε and makes `factorSteps` steps. With `blocks: 'doubling'` each block of
 * measurements is as large as all before it, and its mean is walked: given the mean the block's
 * measurements are exactly normal, so the M-density sampled is the same at 1 + log2 M factors in
 * place of M. A draw costs `jumpEvery` + (factors − 1)(`factorSteps` + 1) + 1 score calls.
 *
 * The defaults of `stepSize` (0.7), `friction` (1/4) and `jumpEvery` (40) differ from those of the
 * other walks. M and σ, unless said, are the largest that the family's levels and its spread allow.
 *
 * @throws UserError at the call, as `walkJump` does; (`level`) for a class, or a level on the way,
 *   that the family does not have.
 */
export function sequentialWalkJump(
  family: DenoiserFamily,
  given: WalkJumpOptions,
): AsyncGenerator<Jump, void, undefined> {
  const options = resolveSequential(given);
  const { fixed, kernel } = options;
  if (fixed) {
    throw new UserError(
      'fixed: a factor knows what was measured so far, and coordinates that are known say more about it than that; walk joint or mean',
      { code: 'unsupported', facts: { option: 'fixed' } },
    );
  }
  const member = sequentialMember(family, given);
  const sizes = blockSizes(member.measurements, given.blocks);
  const denoisers = levelsOf(member, sizes).map((sigma) => family.at(sigma));
  const stacked = denoisers.find((denoiser) => (denoiser.stacked ?? 1) > 1);
  if (stacked || (kernel.needsLogDensity && denoisers.some(({ logDensity }) => !logDensity))) {
    const problem = stacked
      ? 'walk: this family takes all measurements together, and gives no factor; walk joint'
      : `kernel: ${kernel.name} needs the log-density for its accept test, and this family gives only a score; choose another, such as sachs`;
    throw new UserError(problem, { code: 'unsupported', facts: { kernel: kernel.name } });
  }
  const d = family.shape.reduce((product, size) => product * size, 1);
  if (!inTheMiddle(options)) checkInitial(options, d);
  return jumps(options, { family, member, sizes, denoisers, d });
}

/** Draws that are due after so many steps of y_1. */
const dueAt = (step: number, { burnIn, jumpEvery }: SequentialOptions) =>
  Math.floor(Math.max(0, step - burnIn) / jumpEvery);

/** Whether `initial` is a walk that was stopped after its last step and before the draw of it. */
function inTheMiddle(options: SequentialOptions): boolean {
  const { initial, burnIn, steps } = options;
  if (initial === undefined || initial instanceof Float32Array) return false;
  const { draws } = initial as Partial<SequentialState>;
  return (
    initial.step === burnIn + steps && draws !== undefined && draws < dueAt(initial.step, options)
  );
}

/** What is sampled: the member and its factors. */
interface Plan {
  readonly family: DenoiserFamily;
  readonly member: Member;
  readonly sizes: readonly number[];
  /** One for each factor. */
  readonly denoisers: readonly ReturnType<DenoiserFamily['at']>[];
  readonly d: number;
}

async function* jumps(
  options: SequentialOptions,
  plan: Plan,
): AsyncGenerator<Jump, void, undefined> {
  const { chains, burnIn, signal, onProgress } = options;
  const walk = sequentialWalk(options, plan);
  const state = await walk.begin();
  const steps = burnIn + options.steps;
  const breathe = breathing();
  let called = 0;
  for (;;) {
    if (state.draws < dueAt(state.step, options)) {
      await walk.carry(state, breathe);
      yield {
        step: state.step,
        ybar: walk.work.ybar.slice(),
        xhat: walk.xhat().slice(),
        state,
        shape: [chains, ...plan.family.shape],
        scoreCalls: walk.work.calls.count - called,
        ...(options.kernel.needsLogDensity && { acceptance: walk.acceptance() }),
      };
      called = walk.work.calls.count;
      continue;
    }
    if (state.step >= steps) return;
    signal?.throwIfAborted();
    await walk.step(state);
    onProgress?.({ step: state.step, steps });
    await breathe();
  }
}

/** The parts of a sequential walk on one set of arrays. */
function sequentialWalk(options: SequentialOptions, { member, sizes, denoisers, d }: Plan) {
  const { chains, seed, firstChain, kernel, signal, onMeasured } = options;
  const { measurements } = member;
  const { jumpEvery, factorSteps, factorStepSize, freshStarts, trajectorySteps } = options;
  const noise = chainNoise(seed, chains, firstChain);
  const array = () => new Float32Array(chains * d);
  const calls = { count: 0 };
  const work: FactorWork = { mean: array(), ybar: array(), xhat: array(), calls };
  const accepted = { sum: new Float64Array(chains), count: 0 };
  let last: GpsTarget;
  let seen = 0;

  function targetAt(factor: number): GpsTarget {
    const [size, denoiser] = [sizes[factor]!, denoisers[factor]!];
    return factorTarget({ before: seen, size, sigma: member.sigma, denoiser }, work);
  }
  /** Numbers of a factor at a draw; a draw takes at most `most` counters. */
  const most = (Math.max(jumpEvery, factorSteps) + 1) * trajectorySteps;
  const noiseOf = (factor: number, draw: number): ChainNoise =>
    movedNoise(noise, factor * FACTOR_PURPOSES, draw * most);

  function start(factor: number, draw: number, target: GpsTarget): Walk {
    const relative = factor === 0 ? options.stepSize : factorStepSize;
    const stepSize = relative * target.sigma;
    const effective = factor === 0 ? options.friction : options.factorFriction;
    const parameters = { ...options, stepSize, friction: effective / stepSize };
    return startWalk(kernel, target, parameters, noiseOf(factor, draw), options.metric);
  }
  const first = targetAt(0);
  last = first;
  const place = (step: number, factor: number) => ({
    ...options,
    step,
    stepSize:
      factor === 0
        ? (['stepSize', options.stepSize] as const)
        : (['factorStepSize', factorStepSize] as const),
  });

  /** y_1 where a draw starts. */
  function startOf(draw: number): Float32Array {
    const { initial } = options;
    return initial instanceof Float32Array ? initial : startingPoints(first, 1, noiseOf(0, draw));
  }
  let firstWalk = start(0, 0, first);
  let begun = 0;

  async function begin(): Promise<SequentialState> {
    const blocks = new Float32Array(chains * sizes.length * d);
    const state = { ...(await firstWalk.init(startOf(0))), draws: 0, blocks };
    const { initial } = options;
    return initial === undefined || initial instanceof Float32Array
      ? state
      : restoreSequential(state, initial);
  }

  /** One step of y_1. With fresh starts a draw counts its steps from 0. */
  async function step(state: SequentialState): Promise<void> {
    const from = freshStarts ? state.draws * jumpEvery : 0;
    if (freshStarts && begun !== state.draws) {
      begun = state.draws;
      firstWalk = start(0, begun, first);
    }
    if (freshStarts && state.step === from && state.draws > 0) {
      copyArrays(await firstWalk.init(startOf(begun)), state);
    }
    state.step -= from;
    try {
      count(await firstWalk.step(state));
      onMeasured?.({ measured: 0, measurements });
    } finally {
      state.step += from;
    }
    checkFinite(state.position, 'position', place(state.step, 0));
  }

  /** Keeps the mean of a block and takes it into ȳ. */
  function keep(state: SequentialState, factor: number, z: Float32Array): void {
    const size = sizes[factor]!;
    const total = seen + size;
    for (let i = 0; i < z.length; i++) {
      work.mean[i] = seen === 0 ? z[i]! : (seen * work.mean[i]! + size * z[i]!) / total;
    }
    for (let chain = 0; chain < chains; chain++) {
      const row = z.subarray(chain * d, (chain + 1) * d);
      state.blocks.set(row, (chain * sizes.length + factor) * d);
    }
    seen = total;
  }

  /** The other factors after y_1, and the jump. */
  async function carry(state: SequentialState, breathe: () => Promise<void>): Promise<void> {
    const draw = state.draws;
    seen = 0;
    last = first;
    await first.jump(state.position);
    keep(state, 0, state.position);
    for (let factor = 1; factor < sizes.length; factor++) {
      const xhat = last.xhat.slice();
      last = targetAt(factor);
      const z = new Float32Array(chains * d);
      noiseOf(factor, draw).normal(stream.smoothing, 0, z);
      for (let i = 0; i < z.length; i++) z[i] = xhat[i]! + last.sigma * z[i]!;
      const walk = start(factor, draw, last);
      const own = await walk.init(z);
      for (let k = 0; k < factorSteps; k++) {
        signal?.throwIfAborted();
        count(await walk.step(own));
        onMeasured?.({ measured: seen, measurements });
        checkFinite(own.position, `position of block ${factor + 1}`, place(state.step, factor));
        await breathe();
      }
      await last.jump(own.position);
      keep(state, factor, own.position);
    }
    checkFinite(last.xhat, 'jump', place(state.step, 0));
    state.draws += 1;
  }
  function count({ acceptance }: Info): void {
    if (!acceptance) return;
    accepted.count += 1;
    for (let chain = 0; chain < chains; chain++) accepted.sum[chain]! += acceptance[chain]!;
  }
  /** Mean acceptance of the steps since the last call, by chain. */
  function acceptance(): Float64Array {
    const mean = accepted.sum.map((sum) => sum / accepted.count);
    accepted.sum.fill(0);
    accepted.count = 0;
    return mean;
  }
  return { work, begin, step, carry, acceptance, xhat: () => last.xhat };
}
