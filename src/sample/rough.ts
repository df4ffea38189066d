/** What rough estimates are tried on before a walk takes them, and what they gain. */
import type { Denoiser } from '../density/index.ts';
import type { CalibrationCall } from '../graph/index.ts';
import {
  type Condition,
  conditionInput,
  conditionRows,
  type DenoiserFile,
  isLevel,
  LEVEL_INPUT,
  LEVEL_SLACK,
  type OpenOptions,
  withRough,
} from '../model/index.ts';
import { walkJump } from './walk-jump.ts';

/** Values of one call, in 8 examples at least: ranges need many. */
const VALUES = 2048;
const FEWEST = 8;
/** Calls at each level and condition. */
const JUMPS = 2;
/** Steps between them. */
const EVERY = 8;
const examplesOf = (shape: readonly number[]) =>
  Math.max(FEWEST, Math.ceil(VALUES / shape.reduce((product, length) => product * length, 1)));

/** Levels of a family that it is tried at. */
const LEVELS = 4;
/** Times as fast below which rough scores are left off. */
const LEAST_GAIN = 1.1;

/** Examples, and the level and condition that they are of. */
export interface TriedCall extends CalibrationCall {
  readonly level: number;
  readonly given: Condition;
}

export type GaussianFile = Exclude<DenoiserFile, { readonly rate: number }>;

/** Gives what the model sees in walks of its own, at several levels and conditions. */
export async function callsToTry(
  model: GaussianFile,
  source: string,
  lowest = model.sigma,
): Promise<TriedCall[]> {
  const { condition, shape } = model;
  const chains = examplesOf(shape);
  const calls: TriedCall[] = [];
  for (const level of levelsToTry(model, lowest)) {
    for (const given of conditionsToTry(model, chains)) {
      const told = {
        [LEVEL_INPUT]: new Float32Array(chains).fill(level),
        ...(condition && {
          [conditionInput(condition)]: conditionRows(condition, given, source)(chains),
        }),
      };
      for (const x of await noisy(model.at(level, given), chains))
        calls.push({ x, told, level, given });
    }
  }
  return calls;
}

/** Positions of a short walk: what it begins with, and what it comes to. */
async function noisy(denoiser: Denoiser, chains: number): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  if ((denoiser.stacked ?? 1) > 1) {
    for await (const { state } of walkJump(denoiser, {
      chains,
      steps: EVERY * JUMPS,
      jumpEvery: EVERY,
    })) {
      found.push(state.position.slice());
    }
    return found;
  }
  const walk = { chains, steps: EVERY * JUMPS, jumpEvery: EVERY, walk: 'mean' } as const;
  for await (const { ybar } of walkJump(denoiser, walk)) found.push(ybar);
  return found;
}

/** Levels that a walk may come to: the lowest, and those above for single measurements. */
function levelsToTry({ levels, sigma }: GaussianFile, asked: number): readonly number[] {
  // Another class than the model's is refused where it is walked.
  const lowest = isLevel(levels, asked) ? asked : sigma;
  if ('values' in levels) {
    const above = levels.values.filter((level) => level >= lowest * (1 - LEVEL_SLACK));
    const step = Math.max(1, Math.ceil(above.length / LEVELS));
    return above.filter((_, i) => i % step === 0 || i === above.length - 1);
  }
  const to = Math.max(lowest, levels.to);
  const between = Array.from(
    { length: LEVELS },
    (_, i) => lowest * (to / lowest) ** (i / (LEVELS - 1)),
  );
  return [...new Set(between.map((level) => Math.min(level, to)))];
}

/** No condition, where the model knows any image, and each chain its own. */
function conditionsToTry({ condition }: GaussianFile, chains: number): readonly Condition[] {
  if (condition?.type !== 'class') return [{}];
  const { classes, required = false } = condition;
  const each = { class: Array.from({ length: chains }, (_, i) => i % classes) };
  return required ? [each] : [{}, each];
}

/**
 * Gives a model the scores of another file of it where that is faster here; else the model comes
 * back as it was, and the other is released.
 *
 * @param model of no counts: those have no rough estimates.
 * @param examples how many are timed at a time; default: as many as are tried.
 */
export async function whereItGains(
  model: DenoiserFile,
  rough: Uint8Array,
  source: string,
  options: OpenOptions,
  examples?: number,
): Promise<{ readonly walked: DenoiserFile; readonly speed: number }> {
  const both = await withRough(model, rough, source, options);
  let speed = 0;
  try {
    speed = await gainOf(both as GaussianFile, examples);
  } finally {
    if (speed < LEAST_GAIN) await both.releaseRough();
  }
  return { walked: speed < LEAST_GAIN ? model : both, speed };
}

/** Estimates in a second of the rough one, over those of the exact: each at its fastest. */
async function gainOf(model: GaussianFile, examples = examplesOf(model.shape)): Promise<number> {
  const { shape, sigma, stacked = 1 } = model;
  // The condition that it was opened with may be one for each of other examples.
  const { denoise, rough } = model.at(sigma, conditionsToTry(model, examples)[0]);
  const size = shape.reduce((product, length) => product * length, stacked * examples);
  const z = new Float32Array(size).fill(0.5 * sigma);
  const out = new Float32Array(size);
  let [exact, quick] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const timed = async (of: NonNullable<Denoiser['rough']>) => {
    const start = performance.now();
    await of(z, out);
    return performance.now() - start;
  };
  for (let round = 0; round < 4; round++) {
    exact = Math.min(exact, await timed(denoise));
    quick = Math.min(quick, await timed(rough!));
  }
  return exact / quick;
}
