import type { Denoiser } from '../density/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { targetOf } from '../sample/index.ts';
import { type Dataset, pick, readAllScaled } from '../train/index.ts';

/** Numbers below a seed that have to do with the noise of held-out examples. */
const PURPOSE = 22;

export interface EstimatorLossOptions {
  /** M: of every y, whether the denoiser sees all of them or their mean. */
  readonly measurements: number;
  readonly seed: number;
  /** Examples at a time. Default 64. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A mean over examples, and the deviation that it would have over other examples of as many. */
export interface EstimatorLoss {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * E‖x − x̂(y)‖², summed over dimensions: the loss of the estimator that a walk jumps with, ν(ȳ), or the mean of the M
 * estimates where all measurements are seen. So it says the same of every parametrization. The measurements
 * of an example are a function of seed, M and its place: two denoisers see the same.
 * @throws the signal's reason, between two batches.
 */
export async function estimatorLoss(
  denoiser: Denoiser,
  examples: Dataset,
  { measurements, seed, batch = 64, signal }: EstimatorLossOptions,
): Promise<EstimatorLoss> {
  const errors: number[] = [];
  for (let first = 0; first < examples.count; first += batch) {
    signal?.throwIfAborted();
    const rows = Math.min(batch, examples.count - first);
    const indices = Array.from({ length: rows }, (_, i) => first + i);
    const x = readAllScaled(pick(examples, indices));
    const target = targetOf(denoiser, measurements, rows);
    await target.jump(
      noisyMeasurements(x, rows, { measurements, sigma: target.sigma, seed, first }),
    );
    const size = x.length / rows;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = row * size; i < (row + 1) * size; i++) sum += (x[i]! - target.xhat[i]!) ** 2;
      errors.push(sum);
    }
    // The runtime blocks its thread: let signals and timers through between batches.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return meanOf(errors);
}

export interface NoisyOptions {
  readonly measurements: number;
  /** σ of one measurement. */
  readonly sigma: number;
  readonly seed: number;
  /** Place of the first row among all examples. Default 0. */
  readonly first?: number;
}

/** y_m = x + σε_m of every example: x `[rows, d]` → `[rows, M, d]`. */
export function noisyMeasurements(
  x: Float32Array,
  rows: number,
  { measurements, sigma, seed, first = 0 }: NoisyOptions,
): Float32Array {
  const d = x.length / rows;
  const y = new Float32Array(rows * measurements * d);
  const key = randomKey(seed, PURPOSE);
  for (let row = 0; row < rows; row++) {
    const start = row * measurements * d;
    fillNormal(key, first + row, y, start, start + measurements * d);
    for (let i = 0; i < measurements * d; i++) {
      y[start + i] = x[row * d + (i % d)]! + sigma * y[start + i]!;
    }
  }
  return y;
}

function meanOf(values: readonly number[]): EstimatorLoss {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = values.length > 1 ? squares / (values.length - 1) : 0;
  return { mean, standardError: Math.sqrt(variance / values.length) };
}
