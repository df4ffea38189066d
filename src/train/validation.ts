import { allocate, type Dataset } from '../data/dataset.ts';
import { validationStream } from '../data/hold-out.ts';
import type { BayesEstimator, CountDenoiser, Denoiser } from '../density/index.ts';
import {
  compile,
  type Device,
  input,
  reshape,
  sizeOf,
  slice,
  type Tensor,
} from '../graph/index.ts';
import { mapInto } from '../map-into.ts';
import {
  type ConditionalFamily,
  conditionInput,
  conditionShape,
  type DenoiserModel,
  familyOf,
  LEVEL_INPUT,
  type ToldArrays,
} from '../model/index.ts';
import { bindParameters, countParameters } from '../nn/index.ts';
import { pause } from '../pause.ts';
import { fillNormal, foldKey, type Key, randomKey } from '../random.ts';
import { drawCounts } from './batches.ts';

export interface LiveDenoiserOptions {
  readonly model: DenoiserModel;
  /** Examples of one run of the network; batches of any size are cut into such parts. */
  readonly rows: number;
  readonly device: Device;
}

/**
 * A denoiser whose parameters change while training goes on, and where it is one of a family, the
 * others.
 */
export type LiveDenoiser = (CountDenoiser | (Denoiser & ConditionalFamily)) & {
  /** Takes on parameters: a flat vector [P] in the order of the model's `specs`. */
  load(parameters: Float32Array): void;
  release(): Promise<void>;
};

/** Compiles the network once, with its parameters as state: to change them costs a copy. */
export async function compileDenoiser(options: LiveDenoiserOptions): Promise<LiveDenoiser> {
  const { model, rows, device } = options;
  const { shape, specs, stacked, inputShape, inputSigma: sigma, rate, background } = model;
  const { levels, condition } = model;
  const z = input('z', [rows, ...inputShape]);
  const told = {
    ...(levels && { level: input(LEVEL_INPUT, [rows]) }),
    ...(condition && {
      condition: input(conditionInput(condition), [rows, ...conditionShape(condition)]),
    }),
  };
  const parameters = input('parameters', [countParameters(specs)]);
  const weights: Record<string, Tensor> = {};
  let start = 0;
  for (const spec of specs) {
    const end = start + sizeOf(spec.shape);
    weights[spec.name] = reshape(slice(parameters, [start], [end]), spec.shape);
    start = end;
  }
  const program = await compile({
    inputs: { z, ...Object.fromEntries(Object.values(told).map((one) => [one.name, one])) },
    outputs: { xhat: model.denoiser(bindParameters(weights), z, told) },
    state: { parameters: { value: parameters, next: parameters } },
    device,
  });
  const size = sizeOf(inputShape);
  const denoise = async (from: Float32Array, out: Float32Array, given: ToldArrays = {}) => {
    const batch = from.length / size;
    for (let first = 0; first < batch; first += rows) {
      const own = (all: Float32Array) => filled(all, batch, first, rows);
      const feeds = Object.entries(given).map(([name, all]) => [name, own(all)]);
      const { xhat } = await program({ z: own(from), ...Object.fromEntries(feeds) });
      const count = Math.min(rows, batch - first);
      out.set((xhat as Float32Array).subarray(0, count * size), first * size);
    }
  };
  const load = (values: Float32Array) => program.state.write('parameters', values);
  const live = { load, release: program.release };
  if (rate !== undefined) return { shape, denoise, ...live, rate, background };
  const family = familyOf({
    source: 'model',
    shape,
    stacked,
    levels: levels ?? { values: [sigma] },
    condition,
    isTold: levels !== undefined,
    size,
    denoise,
  });
  return { ...family, ...family.at(sigma), ...live };
}

/** Rows `first` to `first + rows` of values for `batch` rows; zeros behind the end. */
function filled(all: Float32Array, batch: number, first: number, rows: number): Float32Array {
  const width = all.length / batch;
  const part = new Float32Array(rows * width);
  part.set(all.subarray(first * width, (first + rows) * width));
  return part;
}

export interface ValidationOptions {
  readonly seed: number;
  /** Examples denoised at a time. */
  readonly batch: number;
  /** Aborting it throws its reason between two batches. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The estimator of examples `first` to `first + count`, such as under their conditions. Default:
   * the one given.
   */
  readonly of?: (first: number, count: number) => BayesEstimator;
}

/**
 * Computes the objective on examples that were held out (paper A, eq. 10): ‖x − ν(x + σ̃ε)‖², or
 * ‖x − ν(s)‖² of counts s, summed over dimensions, averaged over examples. The noise of an example
 * is a function of the seed and its place, so values of different steps differ by the network
 * alone.
 */
export async function validationLoss(
  denoiser: BayesEstimator,
  heldOut: Dataset,
  { seed, batch, signal, of = () => denoiser }: ValidationOptions,
): Promise<number> {
  const key = randomKey(seed, validationStream.purpose, validationStream.noise);
  const { stacked = 1 } = denoiser;
  const size = sizeOf(heldOut.shape);
  const seen = stacked * size;
  let sum = 0;
  for (let first = 0; first < heldOut.count; first += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, heldOut.count - first);
    const values = examples(heldOut, first, count);
    const x = new Float32Array(count * seen);
    for (let i = 0; i < count * stacked; i++) {
      const from = Math.floor(i / stacked) * size;
      x.set(values.subarray(from, from + size), i * size);
    }
    const z = new Float32Array(x.length);
    for (let i = 0; i < count; i++) {
      const [from, to] = [i * seen, (i + 1) * seen];
      measure(denoiser, x.subarray(from, to), z.subarray(from, to), { key, example: first + i });
    }
    const xhat = new Float32Array(x.length);
    await of(first, count).denoise(z, xhat);
    for (let i = 0; i < x.length; i++) sum += (x[i]! - xhat[i]!) ** 2 / stacked;
    // The runtime blocks its thread: let signals and timers through between batches.
    await pause();
  }
  return sum / heldOut.count;
}

/** Writes what the estimator sees of one example. */
function measure(
  estimator: BayesEstimator,
  x: Float32Array,
  z: Float32Array,
  { key, example }: { readonly key: Key; readonly example: number },
): void {
  if (estimator.rate !== undefined) {
    z.set(drawCounts(x, estimator, foldKey(key, example)));
    return;
  }
  fillNormal(key, example, z);
  for (let i = 0; i < z.length; i++) z[i] = x[i]! + estimator.sigma * z[i]!;
}

/** Examples `first` to `first + count` as floats: images from bytes to [0, 1]. */
function examples({ dtype, read, shape }: Dataset, first: number, count: number): Float32Array {
  const size = sizeOf(shape);
  const values = allocate(dtype, count * size);
  for (let i = 0; i < count; i++) read(first + i, values, i * size);
  return values instanceof Uint8Array
    ? mapInto(new Float32Array(values.length), values, (byte) => byte / 255)
    : values;
}
