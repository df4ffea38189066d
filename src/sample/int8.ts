import { UserError } from '../errors.ts';
import { type Device, type Quantized, quantizeOnnx } from '../graph/index.ts';
import type { DenoiserFile, OpenOptions } from '../model/index.ts';
import { callsToTry, whereItGains } from './rough.ts';

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
  /** Largest change of x̂, as a share of ‖x̂ − ȳ‖; layers are left out for it. Default 0.01. */
  readonly tolerance?: number | undefined;
  /** Told how it went, also where 8 bits are left off. */
  readonly onReport?: (report: Int8Report) => void;
  readonly onNote?: ((note: string) => void) | undefined;
}

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
  const { walked, speed } = await whereItGains(model, quantized.bytes, source, options);
  const { layers, kept, change } = quantized;
  options.onReport?.({ layers, kept, change, speed });
  options.onNote?.(
    walked === model
      ? `8 bits are ${speed.toFixed(2)} times as fast as single precision here, so scores stay in single precision; processors with VNNI or dot products gain`
      : `scores in 8 bits, ${speed.toFixed(1)} times as fast as in single precision, in ${layers} of ${layers + kept.length} layers; they change x̂ by ${(100 * change).toPrecision(2)} % of ‖x̂ − ȳ‖`,
  );
  return walked;
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
  { device, threads, lowest, tolerance }: Int8Options = {},
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
  const calls = await callsToTry(model, source, lowest);
  return quantizeOnnx(bytes, { calls, source, threads, tolerance });
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
