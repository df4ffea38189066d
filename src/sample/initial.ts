import { UserError } from '../errors.ts';
import type { State } from './kernel.ts';
import { type ChainNoise, stream } from './noise.ts';
import { type ResolvedOptions, walkedMeasurements } from './options.ts';
import type { GpsTarget } from './target.ts';

/** y_m = x0 + σ ε_m with x0 uniform in [0, 1]^d, keyed by chain: `[chains, M, d]`. */
export function startingPoints(
  target: GpsTarget,
  measurements: number,
  noise: ChainNoise,
): Float32Array {
  const d = target.dimension / measurements;
  const y = new Float32Array(noise.chains * target.dimension);
  const x0 = new Float32Array(noise.chains * d);
  noise.normal(stream.smoothing, 0, y);
  noise.uniform(stream.start, 0, x0);
  for (let i = 0; i < y.length; i++) {
    const chain = Math.floor(i / target.dimension);
    y[i] = x0[chain * d + (i % d)]! + target.sigma * y[i]!;
  }
  return y;
}

/**
 * Copies a saved state over a fresh one of the same kernel.
 *
 * @throws UserError when the saved state lacks an array of the fresh one, or its size differs.
 */
export function restore(fresh: State, saved: State): State {
  const from = new Map<string, unknown>(Object.entries(saved));
  for (const [name, array] of Object.entries(fresh)) {
    if (!ArrayBuffer.isView(array)) continue;
    const values = from.get(name);
    if (!ArrayBuffer.isView(values) || values.byteLength !== array.byteLength) {
      throw new UserError(
        `initial: the saved state has no ${name} of the size this walk needs; give one saved by a walk with the same kernel, chains and measurements`,
      );
    }
    (array as Float32Array).set(values as Float32Array);
  }
  fresh.step = saved.step;
  return fresh;
}

/**
 * Checks the option `initial` against the others.
 *
 * @throws UserError for a wrong size, a value that is not finite, or a walk that has ended.
 */
export function checkInitial(options: ResolvedOptions<string>, dimension: number): void {
  const { initial, chains } = options;
  const measurements = walkedMeasurements(options);
  if (initial === undefined) return;
  const position = initial instanceof Float32Array ? initial : initial.position;
  if (position.length !== chains * dimension) {
    throw new UserError(
      `initial: ${position.length} numbers, but ${chains} chains of ${measurements} measurements of ${dimension / measurements} dimensions are ${chains * dimension}; give positions of shape [chains, measurements, dimensions]`,
    );
  }
  const bad = firstNotFinite(position);
  if (bad >= 0) {
    throw new UserError(
      `initial: ${position[bad]} at chain ${Math.floor(bad / dimension)}; give finite positions`,
    );
  }
  const total = options.burnIn + options.steps;
  if (!(initial instanceof Float32Array) && !(initial.step < total)) {
    throw new UserError(
      `initial: the saved walk has made ${initial.step} of ${total} steps; give more steps to go on`,
    );
  }
}

/** Index of the first value that is NaN or infinite, or −1. */
export function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]!) < Number.POSITIVE_INFINITY)) return i;
  }
  return -1;
}
