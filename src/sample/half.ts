import { UserError } from '../errors.ts';
import { type Device, inHalfPrecision } from '../graph/index.ts';
import { type DenoiserFile, type OpenOptions, withRough } from '../model/index.ts';
import { callsToTry, type GaussianFile, type TriedCall, whereItGains } from './rough.ts';

/** What half precision gained and cost, on this GPU. */
export interface HalfReport {
  /** ‖change of x̂‖ / ‖x̂ − ȳ‖ on noisy samples of the model, where it is largest. */
  readonly change: number;
  /** Estimates in a second, over those in single precision. */
  readonly speed: number;
}

export interface HalfOptions extends OpenOptions {
  /** Lowest noise level that is walked; default: that of the model as it was opened. */
  readonly lowest?: number | undefined;
  /** Told how it went, also where half precision is left off. */
  readonly onReport?: ((report: HalfReport) => void) | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Change of x̂ that a walk does not feel, as for 8 bits. */
const TOLERANCE = 0.01;
/** Examples that are timed at a time: a GPU is not busy with fewer. */
const TIMED = 64;

/**
 * Gives a model scores in half precision on a GPU: walks take them, jumps stay in single precision.
 * Where the GPU gains nothing by it, the model comes back as it was, with a word.
 *
 * @param bytes the file that the model was opened from, with the same `options`.
 *
 * @throws UserError (`unsupported`) on the CPU, on a GPU without half precision, for counts, for
 *   energies, and for a model that half precision changes.
 */
export async function withHalfScores(
  model: DenoiserFile,
  bytes: Uint8Array,
  source: string,
  options: HalfOptions = {},
): Promise<DenoiserFile> {
  checkHalf(options.device);
  if (model.rate !== undefined) {
    throw refusal(`${source} is of counts, whose scores are in single precision; leave it out`);
  }
  if (model.logDensity) {
    throw refusal(
      `${source} is an energy, whose gradient half precision would not keep; leave it out`,
    );
  }
  const half = inHalfPrecision(bytes, source);
  const change = await changeBy(half, model, source, options);
  if (!(change <= TOLERANCE)) {
    const much = Number.isNaN(change) ? 'to no number' : `by ${(100 * change).toPrecision(2)} %`;
    throw refusal(`${source}: changes x̂ ${much} of ‖x̂ − ȳ‖; leave it out`);
  }
  const { walked, speed } = await whereItGains(model, half, source, options, TIMED);
  options.onReport?.({ change, speed });
  options.onNote?.(
    walked === model
      ? `half precision is ${speed.toFixed(2)} times as fast as single here, so scores stay in single precision`
      : `scores in half precision, ${speed.toFixed(1)} times as fast as in single; they change x̂ by ${(100 * change).toPrecision(2)} % of ‖x̂ − ȳ‖`,
  );
  return walked;
}

/**
 * Refuses devices that gain nothing by half precision.
 *
 * @throws UserError (`unsupported`) for the CPU.
 */
export function checkHalf(device: Device = 'cpu'): void {
  if (device === 'cpu') {
    throw refusal('is arithmetic of a GPU, not of the CPU; add --device webgpu, or take int8');
  }
}

const refusal = (problem: string, cause?: unknown) =>
  new UserError(`precision half: ${problem}`, {
    code: 'unsupported',
    facts: { option: 'precision', value: 'half' },
    cause,
  });

/** The largest change on what the model sees in walks of its own. */
async function changeBy(
  half: Uint8Array,
  model: GaussianFile,
  source: string,
  options: HalfOptions,
): Promise<number> {
  const both = await withRough(model, half, source, options).catch((cause: unknown) => {
    throw refusal('this GPU, or its driver, has none; leave it out', cause);
  });
  try {
    let most = 0;
    for (const call of await callsToTry(model, source, options.lowest)) {
      const change = await changeAt(both as GaussianFile, call);
      // A NaN stays one.
      if (!(change <= most)) most = change;
      if (Number.isNaN(most)) break;
    }
    return most;
  } finally {
    await both.releaseRough();
  }
}

async function changeAt(model: GaussianFile, { x, level, given }: TriedCall): Promise<number> {
  const { denoise, rough } = model.at(level, given);
  const [exact, near] = [new Float32Array(x.length), new Float32Array(x.length)];
  await denoise(x, exact);
  await rough!(x, near);
  let [change, moved] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    change += (near[i]! - exact[i]!) ** 2;
    moved += (exact[i]! - x[i]!) ** 2;
  }
  return Math.sqrt(change / moved);
}
