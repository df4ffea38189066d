/** From what is asked of a walk to the walk. */
import { type BayesEstimator, type Denoiser, guided } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { type DenoiserFile, inputOf, isLevel, levelsOf } from '../model/index.ts';
import type { OptionValues } from '../option-table.ts';
import { measurementsToWalk } from '../run/index.ts';
import { numbersOf, type WalkJumpOptions, type WalkKind, walkKindOf } from '../sample/index.ts';
import type { SamplingOptions, steerOptions } from './options.ts';
import type { walkKindOptions } from './walk-kind-options.ts';

/** Numbers of a walk that is not sequential. */
const USUAL = { stepSize: 0.5, friction: 0.5, jumpEvery: 20, burnIn: 0 };

/** Steps of such a walk, from noise to what its chains visit. */
const STEPS = 600;

/** What says how to walk: `sigma` and `class` of it say which density, see `steered`. */
export type WalkChoice = Pick<SamplingOptions, 'chains' | 'burnIn' | 'seed'> &
  Partial<SamplingOptions & OptionValues<typeof walkKindOptions>>;

/** Options under which nothing but a walk of all measurements, or of their mean, will do. */
const needsOneLevel = ['beta', 'clip', 'initial', 'tune', 'template'] as const;

/**
 * Chooses the walk where none is asked for: one measurement after another of a model of many noise
 * levels, if its levels reach the measurements asked for; else joint.
 */
export function usualWalk(options: WalkChoice, model: Pick<DenoiserFile, 'config'>): WalkKind {
  const levels = model.config && levelsOf(model.config);
  if (!levels || ('values' in levels && levels.values.length < 2)) return 'joint';
  const asked = options as Readonly<Record<string, unknown>>;
  if (asked.known !== undefined && asked.knownNoise === undefined) return 'joint';
  if (needsOneLevel.some((name) => asked[name] !== undefined && asked[name] !== false)) {
    return 'joint';
  }
  const { measurements = 1, effectiveSigma } = options;
  // It says which classes there are.
  if (effectiveSigma !== undefined && !isLevel(levels, effectiveSigma)) return 'sequential';
  return isLevel(levels, classOf(options, model) * Math.sqrt(measurements))
    ? 'sequential'
    : 'joint';
}

/** The class σ̃ that is asked for, or that the model was trained for. */
function classOf(
  { effectiveSigma, sigma, measurements = 1 }: WalkChoice,
  { config }: Pick<DenoiserFile, 'config'>,
): number {
  if (effectiveSigma !== undefined) return effectiveSigma;
  return sigma === undefined ? inputOf(config!).inputSigma : sigma / Math.sqrt(measurements);
}

/** Reads what the options say of the walk of a model; see `usualWalk` where they do not. */
export function walkOf(given: WalkChoice, model: Pick<DenoiserFile, 'config'>): WalkJumpOptions {
  const walk = given.walk ?? usualWalk(given, model);
  const isFamily = model.config !== undefined && levelsOf(model.config) !== undefined;
  const options: WalkChoice =
    walk === 'sequential' && isFamily
      ? { ...given, walk, effectiveSigma: classOf(given, model) }
      : given;
  return numbersOfWalk(options, model);
}

function numbersOfWalk(options: WalkChoice, model: Pick<DenoiserFile, 'config'>): WalkJumpOptions {
  const numbers = numbersOf(options.walk, USUAL);
  const { chains, kernel, seed, jumpEvery = numbers.jumpEvery } = options;
  // Each jump of a sequential walk begins anew.
  const { steps = options.walk === 'sequential' ? jumpEvery : STEPS } = options;
  const { stepSize = numbers.stepSize, friction = numbers.friction, burnIn } = options;
  const walk = { burnIn, steps, chains, jumpEvery, stepSize, friction, seed };
  const { measurements } = options;
  // One measurement at a time chooses their number, where nothing is said.
  const member =
    options.walk === 'sequential'
      ? measurements !== undefined && { measurements }
      : { measurements: measurementsToWalk(model, options) };
  return { ...walk, ...member, ...(kernel && { kernel }), ...walkKindOf(options) };
}

/** Options that steer. */
export type Steering = Partial<OptionValues<typeof steerOptions>>;

/**
 * Steers a model by the options: its density to the power `beta`, its estimates clipped.
 *
 * @throws UserError (`unsupported`) for a model of counts.
 */
export function steered(model: BayesEstimator, { beta, clip }: Steering): BayesEstimator {
  if (beta === undefined && clip === undefined) return model;
  return guided(gaussianOnly(model, beta === undefined ? 'clip' : 'beta'), {
    ...(beta !== undefined && { inverseTemperature: beta }),
    ...(clip !== undefined && { clip }),
  });
}

/**
 * Checks that a model is of Gaussian noise, which `option` needs.
 *
 * @throws UserError (`unsupported`) for a model of counts.
 */
export function gaussianOnly(model: BayesEstimator, option: string): Denoiser {
  if (model.rate === undefined) return model;
  throw new UserError(`${option}: is for models of Gaussian noise, and this one is of counts`, {
    code: 'unsupported',
    facts: { option },
  });
}
