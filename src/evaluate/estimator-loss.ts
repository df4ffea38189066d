import { type Dataset, pick, readAllScaled } from '../data/index.ts';
import { type BayesEstimator, poissonNoise, sampleMeasurements } from '../density/index.ts';
import { pause } from '../pause.ts';
import { fillNormal, foldKey, randomKey } from '../random.ts';
import { countTarget, type JumpTarget, type Target, targetOf } from '../sample/index.ts';

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
 * Measures E‖x − x̂(y)‖², summed over dimensions: the loss of the estimator that a walk jumps with,
 * ν(ȳ), or the mean of the M estimates where all measurements are seen. So it says the same of
 * every parametrization. The measurements of an example are a function of seed, M and its place:
 * two denoisers see the same.
 * @throws the signal's reason, between two batches.
 */
export async function estimatorLoss(
  denoiser: BayesEstimator,
  examples: Dataset,
  { measurements, seed, batch = 64, signal }: EstimatorLossOptions,
): Promise<EstimatorLoss> {
  const errors: number[] = [];
  for (let first = 0; first < examples.count; first += batch) {
    signal?.throwIfAborted();
    const rows = Math.min(batch, examples.count - first);
    const indices = Array.from({ length: rows }, (_, i) => first + i);
    const x = readAllScaled(pick(examples, indices));
    const { target, y } = measurementsOf(denoiser, x, rows, { measurements, seed, first });
    await target.jump(y);
    const size = x.length / rows;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = row * size; i < (row + 1) * size; i++) sum += (x[i]! - target.xhat[i]!) ** 2;
      errors.push(sum);
    }
    // The runtime blocks its thread: let signals and timers through between batches.
    await pause();
  }
  return meanOf(errors);
}

export interface MeasurementOptions {
  readonly measurements: number;
  readonly seed: number;
  /** Place of the first row among all examples. Default 0. */
  readonly first?: number;
}

/**
 * Draws M measurements of every example, by the noise that a denoiser is of, and what jumps and
 * turns with them. The score of counts is the estimate by each measurement.
 * @param x `[rows, d]`; y is `[rows, M, d]`.
 */
export function measurementsOf(
  denoiser: BayesEstimator,
  x: Float32Array,
  rows: number,
  { measurements, seed, first = 0 }: MeasurementOptions,
): { readonly target: JumpTarget & Pick<Target, 'score'>; readonly y: Float32Array } {
  const d = x.length / rows;
  const width = measurements * d;
  const y = new Float32Array(rows * width);
  const key = randomKey(seed, PURPOSE);
  if (denoiser.rate !== undefined) {
    const target = countTarget(denoiser, measurements, rows);
    const noise = poissonNoise(target.rate, measurements);
    const { background = 0 } = denoiser;
    for (let row = 0; row < rows; row++) {
      const own = x.slice(row * d, (row + 1) * d).map((value) => value + background);
      y.set(sampleMeasurements(noise, own, d, foldKey(key, first + row)), row * width);
    }
    return { target: { ...target, score: target.estimate }, y };
  }
  const target = targetOf(denoiser, measurements, rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    fillNormal(key, first + row, y, start, start + width);
    for (let i = 0; i < width; i++) {
      y[start + i] = x[row * d + (i % d)]! + target.sigma * y[start + i]!;
    }
  }
  return { target, y };
}

function meanOf(values: readonly number[]): EstimatorLoss {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = values.length > 1 ? squares / (values.length - 1) : 0;
  return { mean, standardError: Math.sqrt(variance / values.length) };
}
