import { UserError } from '../errors.ts';
import { firstNotFinite } from './finite.ts';
import type { State } from './kernel.ts';
import { type ChainNoise, chainNoise, stream } from './noise.ts';
import { type ResolvedOptions, walkedMeasurements } from './options.ts';
import type { GpsTarget } from './target.ts';

/** Draws y_m = x0 + σ ε_m with x0 uniform in [0, 1]^d, keyed by chain: `[chains, M, d]`. */
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

/** Where a walk is to begin that is given clean examples. */
export interface ExampleStart {
  /** `[n, d]` with n = 1, the same for all chains, or one for each. */
  readonly examples: Float32Array;
  readonly chains: number;
  /** Measurements in the position of one chain: M in the walk of y, 1 elsewhere. */
  readonly measurements: number;
  /** Noise of each: σ, or σ̃ in the mean walk. */
  readonly sigma: number;
  readonly seed?: number;
  readonly firstChain?: number;
}

/**
 * Draws positions y_m = x + σ ε_m from clean x, keyed by chain: what `initial` of a walk takes.
 *
 * @returns `[chains, measurements, d]`.
 *
 * @throws UserError (`shape`) unless there is one example, or one for each chain.
 */
export function positionsFrom(start: ExampleStart, d: number): Float32Array {
  const { examples, chains, measurements, sigma, seed = 0, firstChain = 0 } = start;
  if (examples.length !== d && examples.length !== chains * d) {
    throw new UserError(
      `initial: ${examples.length} numbers are neither one example of ${d} nor ${chains} of them; give one for all chains, or one for each`,
      {
        code: 'shape',
        facts: { option: 'initial', length: examples.length, chains, dimension: d },
      },
    );
  }
  const bad = firstNotFinite(examples);
  if (bad >= 0) {
    throw new UserError(`initial: ${examples[bad]} at [${bad}]; give finite examples`, {
      facts: { option: 'initial', index: bad },
    });
  }
  const width = measurements * d;
  const y = new Float32Array(chains * width);
  chainNoise(seed, chains, firstChain).normal(stream.smoothing, 0, y);
  const row = examples.length === d ? 0 : d;
  for (let i = 0; i < y.length; i++) {
    y[i] = examples[Math.floor(i / width) * row + (i % d)]! + sigma * y[i]!;
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
export function checkInitial(options: ResolvedOptions, dimension: number): void {
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
