import type { Denoiser } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { type CalibrationCall, type Device, type Quantized, quantizeOnnx } from '../graph/index.ts';
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

/** What 8 bits gained and cost, on this machine. */
export interface Int8Report {
  /** Layers in 8 bits, and those left in single precision by measurement. */
  readonly layers: number;
  readonly kept: readonly string[];
  /** ‖change of x̂‖ / ‖x̂ − ȳ‖ (root mean squares) on noisy samples of the model. */
  readonly change: number;
  /** Estimates in a second, over those in single precision. */
  readonly speed: number;
}

export interface Int8Options extends OpenOptions {
  /** Lowest noise level that is walked; default: that of the model as it was opened. */
  readonly lowest?: number | undefined;
  /** Told how it went, also where 8 bits are left off. */
  readonly onReport?: (report: Int8Report) => void;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Values of one call of the calibration, in 8 examples at least: ranges need many. */
const VALUES = 2048;
const FEWEST = 8;
/** Calls at each level and condition. */
const JUMPS = 2;
/** Steps between them. */
const EVERY = 8;
const examplesOf = (shape: readonly number[]) =>
  Math.max(FEWEST, Math.ceil(VALUES / shape.reduce((product, length) => product * length, 1)));

/** Levels of a family that it is calibrated at. */
const LEVELS = 4;
/** Times as fast below which 8 bits are left off. */
const GAIN = 1.1;

/**
 * Gives a model scores in 8 bits: walks take them, jumps stay in single precision. Activations are
 * calibrated on walks of the model itself, at several levels and conditions where it knows them.
 * Where this processor gains nothing by it, the model comes back as it was, with a word.
 *
 * @param bytes the file that the model was opened from, with the same `options`.
 *
 * @throws UserError (`unsupported`) on another device than the CPU, for counts, for energies and
 *   for a model that has no layer to compute in 8 bits.
 */
export async function inEightBits(
  model: DenoiserFile,
  bytes: Uint8Array,
  source: string,
  options: Int8Options = {},
): Promise<DenoiserFile> {
  const quantized = await quantizeDenoiser(model, bytes, source, options);
  const both = await withRough(model, quantized.bytes, source, options);
  if (both.rate !== undefined || both.rough === undefined) return model;
  const speed = await gain(both).catch(async (error: unknown) => {
    await both.releaseRough();
    throw error;
  });
  const { layers, kept, change } = quantized;
  options.onReport?.({ layers, kept, change, speed });
  if (speed >= GAIN) {
    options.onNote?.(
      `scores in 8 bits, ${speed.toFixed(1)} times as fast as in single precision, in ${layers} of ${layers + kept.length} layers; they change x̂ by ${(100 * change).toPrecision(2)} % of ‖x̂ − ȳ‖`,
    );
    return both;
  }
  await both.releaseRough();
  options.onNote?.(
    `8 bits are ${speed.toFixed(2)} times as fast as single precision here, so scores stay in single precision; processors with VNNI or dot products gain`,
  );
  return model;
}

/**
 * Writes a model's file in 8 bits, see `inEightBits`: score and jump alike.
 *
 * @throws UserError as `inEightBits` does.
 */
export async function quantizeDenoiser(
  model: DenoiserFile,
  bytes: Uint8Array,
  source: string,
  { device, threads, lowest }: Int8Options = {},
): Promise<Quantized> {
  checkInt8(device);
  if (model.rate !== undefined) {
    throw refusal(
      `int8: ${source} is of counts, whose scores are not computed in 8 bits; leave it out`,
    );
  }
  if (model.logDensity) {
    throw refusal(
      `int8: ${source} is an energy, whose gradient 8 bits would not keep; leave it out`,
    );
  }
  const calls = await calibrationOf(model, source, lowest);
  return quantizeOnnx(bytes, { calls, source, threads });
}

/**
 * Refuses devices that have no 8-bit arithmetic here.
 *
 * @throws UserError (`unsupported`) for another than the CPU.
 */
export function checkInt8(device: Device = 'cpu'): void {
  if (device !== 'cpu')
    throw refusal(`int8: is arithmetic of the CPU, not of ${device}; leave it out`);
}

const refusal = (problem: string) =>
  new UserError(`precision ${problem}`, {
    code: 'unsupported',
    facts: { option: 'precision', value: 'int8' },
  });

type GaussianFile = Exclude<DenoiserFile, { readonly rate: number }>;

/** What the model sees in walks of its own. */
async function calibrationOf(
  model: GaussianFile,
  source: string,
  lowest = model.sigma,
): Promise<CalibrationCall[]> {
  const { condition, shape } = model;
  const chains = examplesOf(shape);
  const calls: CalibrationCall[] = [];
  for (const level of levelsToTry(model, lowest)) {
    for (const given of conditionsToTry(model, chains)) {
      const told = {
        [LEVEL_INPUT]: new Float32Array(chains).fill(level),
        ...(condition && {
          [conditionInput(condition)]: conditionRows(condition, given, source)(chains),
        }),
      };
      for (const x of await noisy(model.at(level, given), chains)) calls.push({ x, told });
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

/** Estimates in a second of the rough one, over those of the exact: each at its fastest. */
async function gain(model: GaussianFile): Promise<number> {
  const { shape, sigma, stacked = 1 } = model;
  const chains = examplesOf(shape);
  // The condition that it was opened with may be one for each of other chains.
  const { denoise, rough } = model.at(sigma, conditionsToTry(model, chains)[0]);
  const size = shape.reduce((product, length) => product * length, stacked * chains);
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
