import type { Denoiser } from '../density/index.ts';
import { DivergedError, UserError } from '../errors.ts';
import { fillNormal, randomKey } from '../random.ts';
import { collect, type WalkJumpOptions, walkJump } from '../sample/index.ts';
import type { ChainDraws } from './draws.ts';
import { effectiveSampleSize } from './effective-sample-size.ts';
import { equipartition, scoresOfJumps } from './equipartition.ts';

/** How to look for a step size and a friction. */
export interface TuneOptions
  extends Pick<
    WalkJumpOptions,
    'chains' | 'measurements' | 'kernel' | 'inverseMass' | 'metric' | 'seed' | 'signal'
  > {
  /** What walks. Default `joint`. */
  readonly walk?: 'joint' | 'mean';
  /** Steps from the usual start before anything is measured. Default 100. */
  readonly burnIn?: number;
  /** Steps of one trial; its first quarter is not measured. Default 80. */
  readonly steps?: number;
  /** δ/σ to try, ascending. */
  readonly stepSizes?: readonly number[];
  /** γδ to try. */
  readonly frictions?: readonly number[];
  /** Largest departure of the equipartition from 1, beyond its error. Default 0.03. */
  readonly tolerance?: number;
  readonly onProgress?: (progress: {
    readonly label: string;
    readonly done: number;
    readonly of: number;
    readonly unit: string;
  }) => void;
}

/** One setting that was walked. */
export interface Trial {
  readonly stepSize: number;
  readonly friction: number;
  /** Of the slowest of the directions looked at, from one chain; 0 where it diverged. */
  readonly effectiveSamplesPerCall: number;
  /** Mean over coordinates, with its error; NaN where it diverged. */
  readonly equipartition: number;
  readonly equipartitionError: number;
  /** Whether the bias is within what is tolerated. */
  readonly admitted: boolean;
}

/** What was found: options for a walk, and all that was tried. */
export interface Tuned {
  readonly stepSize: number;
  readonly friction: number;
  readonly trials: readonly Trial[];
  /** Denoiser calls of each chain, all trials together. */
  readonly scoreCalls: number;
}

const STEP_SIZES = [0.35, 0.5, 0.7, 1, 1.4, 1.8];
const FRICTIONS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];
/** Fewest chains: what is slow shows in how chains differ. */
const CHAINS = 8;
/** Directions whose effective samples are counted. */
const DIRECTIONS = 8;

/**
 * Finds a step size and a friction from short walks of many chains: of those whose equipartition is
 * within `tolerance` of 1 (of that of the shortest step, where the chains have not arrived yet),
 * the most effective samples for a score call, in the slowest of eight random directions of ȳ and
 * of their squares. First the step sizes at a friction of 1/4, then the frictions at the best, then
 * the step sizes beside it again. It takes scores alone and is a function of the seed. Trials begin
 * where the burn-in ended. The idea of tuning from an ensemble is that of MEADS (Hoffman & Sountsov
 * 2022) and LAPS (arXiv 2601.16696).
 *
 * @throws UserError for fewer than 8 chains or 40 steps, and where every setting diverged.
 */
export async function tuneWalk(denoiser: Denoiser, options: TuneOptions): Promise<Tuned> {
  const { stepSizes = STEP_SIZES, frictions = FRICTIONS, onProgress } = options;
  check(options);
  const middle = frictions.find((friction) => friction >= 1 / 4) ?? frictions[0]!;
  const most = stepSizes.length + frictions.length + 2;
  let scoreCalls = 0;
  const begun = await begin(denoiser, options, { stepSize: stepSizes[0]!, friction: middle });
  scoreCalls += begun.scoreCalls;
  const trials: Trial[] = [];
  let reference = 0;
  async function attempt(stepSize: number, friction: number): Promise<void> {
    if (trials.some((trial) => trial.stepSize === stepSize && trial.friction === friction)) return;
    const { calls, ...found } = await trialOf(denoiser, options, begun.position, {
      stepSize,
      friction,
    });
    scoreCalls += calls;
    const off = Math.abs(found.equipartition - 1);
    if (trials.length === 0) reference = off;
    const allowed = Math.max(options.tolerance ?? 0.03, reference) + 2 * found.equipartitionError;
    trials.push({ ...found, admitted: off <= allowed });
    onProgress?.({ label: 'tuning', done: trials.length, of: most, unit: 'trials' });
  }
  const best = () =>
    trials
      .filter(({ admitted }) => admitted)
      .reduce<Trial | undefined>(
        (a, b) => (a && a.effectiveSamplesPerCall >= b.effectiveSamplesPerCall ? a : b),
        undefined,
      );
  for (const stepSize of stepSizes) await attempt(stepSize, middle);
  const first = best();
  if (!first) throw noneLeft(stepSizes);
  for (const friction of frictions) await attempt(first.stepSize, friction);
  const { friction } = best()!;
  const at = stepSizes.indexOf(first.stepSize);
  for (const beside of [stepSizes[at - 1], stepSizes[at + 1]]) {
    if (beside !== undefined) await attempt(beside, friction);
  }
  const found = best()!;
  return { stepSize: found.stepSize, friction: found.friction, trials, scoreCalls };
}

interface Setting {
  readonly stepSize: number;
  readonly friction: number;
}

const walkOf = ({
  chains,
  measurements,
  kernel,
  inverseMass,
  metric,
  walk,
  seed,
  signal,
}: TuneOptions) =>
  ({
    chains,
    ...(measurements !== undefined && { measurements }),
    ...(kernel !== undefined && { kernel }),
    ...(inverseMass !== undefined && { inverseMass }),
    ...(metric && { metric }),
    ...(walk && { walk }),
    ...(seed !== undefined && { seed }),
    ...(signal && { signal }),
  }) satisfies Partial<WalkJumpOptions>;

/** Where chains stand after the burn-in. */
async function begin(denoiser: Denoiser, options: TuneOptions, setting: Setting) {
  const { burnIn = 100 } = options;
  const walk = { ...walkOf(options), ...setting, steps: burnIn, jumpEvery: burnIn };
  const { state, scoreCalls } = await collect(walkJump(denoiser, walk));
  return { position: state.position, scoreCalls };
}

async function trialOf(
  denoiser: Denoiser,
  options: TuneOptions,
  initial: Float32Array,
  setting: Setting,
): Promise<Omit<Trial, 'admitted'> & { readonly calls: number }> {
  const { steps = 80, chains } = options;
  const burnIn = Math.floor(steps / 4);
  const walk = { ...walkOf(options), ...setting, initial, burnIn, steps: steps - burnIn };
  try {
    const { data, ybar, shape, scoreCalls } = await collect(walkJump(denoiser, walk));
    const [, draws] = shape;
    const d = ybar.length / (chains * draws);
    const scores = scoresOfJumps(ybar, data, denoiser.sigma / Math.sqrt(denoiser.stacked ?? 1));
    const { mean, error } = equipartition({ data: ybar, shape: [chains, draws, d] }, scores);
    const slowest = Math.min(
      ...effectiveSampleSize(projected(ybar, [chains, draws, d]), { of: 'mean' }),
    );
    return {
      ...setting,
      effectiveSamplesPerCall: slowest / (chains * scoreCalls),
      equipartition: mean,
      equipartitionError: error,
      calls: scoreCalls,
    };
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    return {
      ...setting,
      effectiveSamplesPerCall: 0,
      equipartition: Number.NaN,
      equipartitionError: Number.NaN,
      calls: error.facts.step,
    };
  }
}

/**
 * ȳ along random directions, the same for all trials, and the squares of these about their means.
 */
function projected(ybar: Float32Array, [chains, draws, d]: ChainDraws['shape']): ChainDraws {
  const directions = new Float64Array(DIRECTIONS * d);
  fillNormal(randomKey(1), 0, directions);
  const rows = chains * draws;
  const data = new Float64Array(rows * 2 * DIRECTIONS);
  for (let k = 0; k < DIRECTIONS; k++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += directions[k * d + i]! * ybar[row * d + i]!;
      data[row * 2 * DIRECTIONS + k] = sum;
      mean += sum / rows;
    }
    for (let row = 0; row < rows; row++) {
      const at = row * 2 * DIRECTIONS + k;
      data[at + DIRECTIONS] = (data[at]! - mean) ** 2;
    }
  }
  return { data, shape: [chains, draws, 2 * DIRECTIONS] };
}

function check({ chains, steps = 80, stepSizes, frictions }: TuneOptions): void {
  if (!(chains >= CHAINS)) {
    throw new UserError(
      `chains: ${chains} are too few to tell fast settings from slow ones; give at least ${CHAINS}`,
      { facts: { option: 'chains', value: chains, needed: CHAINS } },
    );
  }
  if (!(steps >= 40)) {
    throw new UserError(`steps: ${steps} of a trial are too few; give at least 40`, {
      facts: { option: 'steps', value: steps, needed: 40 },
    });
  }
  for (const [option, values] of Object.entries({ stepSizes, frictions })) {
    if (values === undefined || (values.length > 0 && values.every((value) => value > 0))) continue;
    throw new UserError(`${option}: ${JSON.stringify(values)}; give numbers above 0`, {
      facts: { option },
    });
  }
}

const noneLeft = (stepSizes: readonly number[]) =>
  new UserError(
    `stepSizes: no walk at ${stepSizes.join(', ')} was stable and without bias; give smaller ones, or check the model`,
    { code: 'diverged', facts: { option: 'stepSizes', stepSizes } },
  );
