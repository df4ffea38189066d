import { type Density, exactFamily, type PoissonDensity } from '../density/index.ts';
import { pause } from '../pause.ts';
import { type CountKernelName, countKernels, type KernelName } from './kernels/index.ts';
import { chainNoise } from './noise.ts';
import type { WalkKind } from './options.ts';
import { drawMeasurements } from './residuals.ts';
import { measurementsOfBlocks } from './sequential/measurements.ts';
import { type Blocks, blockSizes, type Member } from './sequential/member.ts';
import type { SequentialState } from './sequential/state.ts';
import { walkJump } from './walk-jump.ts';
import { walkKindOf } from './walk-kind.ts';

/** How to walk; lengths in units of σ (Gaussian) or in lifetimes of a count (Poisson). */
export interface WalkOptions {
  readonly measurements: number;
  readonly walk: WalkKind;
  /** Of a sequential walk. */
  readonly blocks?: Blocks | undefined;
  readonly factorSteps?: number | undefined;
  readonly runningStart?: boolean;
  readonly stepSize: number;
  readonly friction: number;
  /** u; counts have none. */
  readonly inverseMass?: number;
  readonly chains: number;
  readonly steps: number;
  readonly burnIn: number;
  /** Steps between draws. */
  readonly thin: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly step: number }) => void;
}

/** One draw of every chain. */
export interface Draw {
  /** ȳ, or the sum of counts, `[chains, d]`. */
  readonly ybar: Float32Array;
  /** x̂, `[chains, d]`. */
  readonly xhat: Float32Array;
  /** y, `[chains, M, d]`. */
  readonly y: () => Float32Array;
  readonly acceptance?: Float64Array;
}

/** Walks a density smoothed by Gaussian noise of σ in M measurements. */
export async function* gaussianDraws(
  density: Density,
  member: Member,
  kernel: KernelName,
  options: WalkOptions,
): AsyncGenerator<Draw> {
  const { walk, chains, seed, stepSize, friction, burnIn, steps, signal, onProgress } = options;
  const { measurements, sigma } = member;
  const noise = chainNoise(seed, chains);
  const sizes = blockSizes(measurements, options.blocks);
  const settings = {
    chains,
    seed,
    stepSize,
    friction,
    burnIn,
    steps,
    signal,
    onProgress,
    measurements,
    kernel,
    jumpEvery: options.thin,
    inverseMass: options.inverseMass ?? 1,
    ...walkKindOf(options),
    effectiveSigma: member.effectiveSigma,
  };
  for await (const jump of walkJump(exactFamily(density), settings)) {
    const { ybar, xhat, state, step, acceptance } = jump;
    const all = {
      joint: () => state.position.slice(),
      mean: () => drawMeasurements(ybar, { measurements, sigma, step }, noise),
      sequential: () =>
        measurementsOfBlocks((state as SequentialState).blocks, { sizes, sigma, step }, noise),
    };
    yield { ybar, xhat, y: all[walk], ...(acceptance && { acceptance }) };
  }
}

/** Walks the counts of a Poisson density: the sum of M measurements, which is Poisson(Mλx). */
export async function* poissonDraws(
  density: PoissonDensity,
  kernel: CountKernelName,
  options: WalkOptions,
): AsyncGenerator<Draw> {
  const { measurements, stepSize, friction, chains, burnIn, steps, thin, seed, signal } = options;
  const rate = measurements * density.rate;
  const law = density.observe(1, rate);
  const target = {
    dimension: density.dimension,
    rate,
    estimate: async (y: Float32Array, out: Float32Array) => law.estimate(y, out),
  };
  const parameters = { stepSize, friction, inverseMass: 1 };
  const walk = countKernels[kernel].start(target, parameters, chainNoise(seed, chains));
  const state = await walk.init(new Float32Array(chains * density.dimension));
  while (state.step < burnIn + steps) {
    signal.throwIfAborted();
    await walk.step(state);
    options.onProgress({ step: state.step });
    if (state.step <= burnIn || (state.step - burnIn) % thin !== 0) continue;
    const sum = state.position.slice();
    const xhat = new Float32Array(sum.length);
    law.estimate(sum, xhat);
    yield { ybar: sum, xhat, y: () => sum };
    await pause();
  }
}
