/** What the draws of a walk say: histogram against the exact law, autocorrelation, ESS, R̂. */
import { sampleSmoothed } from '../../../src/density/density.ts';
import { autocorrelation } from '../../../src/evaluate/autocorrelation.ts';
import { effectiveSampleSize } from '../../../src/evaluate/effective-sample-size.ts';
import { rHat } from '../../../src/evaluate/r-hat.ts';
import { randomKey } from '../../../src/random.ts';
import { planeTarget } from '../../target/density.ts';
import type { TargetChoice } from '../../target/fields.ts';

/** Bins of a histogram. */
export const BINS = 48;
/** Lags of the autocorrelation that are shown. */
const LAGS = 60;
/** Fewest draws of each chain that all of it is defined for. */
export const ENOUGH = 10;
/** Exact draws that the walk is compared with. */
const EXACT = 40_000;

/** One coordinate of ȳ or x̂. */
export interface Question {
  readonly of: 'ybar' | 'xhat';
  /** 0 or 1. */
  readonly coordinate: number;
  /** Histograms reach from −radius to radius, in the unit of x. */
  readonly radius: number;
}

/** Draws `[chains, draws, 2]` and their shape. */
export interface Asked {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, number];
}

export interface Diagnosis {
  /** From lag 0, in draws. */
  readonly autocorrelation: Float64Array;
  /** In draws: bulk, rank-normalised and split (Vehtari et al. 2021). */
  readonly effectiveSampleSize: number;
  /** Rank-normalised and split, the larger of location and spread (Vehtari et al. 2021). */
  readonly rHat: number;
}

/** What the draws say of one coordinate: nothing from fewer than `ENOUGH` of a chain. */
export function diagnose({ data, shape }: Asked, { coordinate }: Question): Diagnosis {
  const [chains, count] = shape;
  // Only the coordinate that is asked for.
  const line = Float64Array.from({ length: chains * count }, (_, k) => data[2 * k + coordinate]!);
  const draws = { data: line, shape: [chains, count, 1] as const };
  const enough = count >= ENOUGH;
  return {
    autocorrelation: enough ? autocorrelation(draws).slice(0, LAGS) : new Float64Array(0),
    effectiveSampleSize: enough ? effectiveSampleSize(draws)[0]! : Number.NaN,
    rHat: enough ? rHat(draws)[0]! : Number.NaN,
  };
}

/** The exact law of both coordinates in bins, from independent draws of x and its noise. */
export function exactHistograms(
  choice: TargetChoice,
  sigma: number,
  { of, radius }: Omit<Question, 'coordinate'>,
): readonly [Float64Array, Float64Array] {
  const target = planeTarget(choice);
  if (!target) return [new Float64Array(BINS), new Float64Array(BINS)];
  const { ybar } = sampleSmoothed(target.density, sigma, randomKey(1), EXACT);
  if (of === 'xhat') target.density.smooth(sigma).denoise(ybar, ybar);
  const along = (coordinate: number) =>
    histogram(
      Float64Array.from({ length: EXACT }, (_, k) => ybar[2 * k + coordinate]!),
      radius,
    );
  return [along(0), along(1)];
}

/** Share of all values in each bin over its width; what lies outside counts among all. */
export function histogram(values: Float64Array, radius: number): Float64Array {
  const density = new Float64Array(BINS);
  const width = (2 * radius) / BINS;
  const one = 1 / (values.length * width);
  for (const value of values) {
    const bin = Math.floor((value + radius) / width);
    if (bin >= 0 && bin < BINS) density[bin]! += one;
  }
  return density;
}
