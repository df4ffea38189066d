/** The walk of the view: the chains that `mdensity walk` makes for the same options. */

import type { Denoiser } from '../../../src/density/denoiser.ts';
import { type Density, exactDenoiser } from '../../../src/density/density.ts';
import { effectiveNoise } from '../../../src/density/gps.ts';
import type { Jump } from '../../../src/sample/jump.ts';
import type { KernelName } from '../../../src/sample/kernels/index.ts';
import { chainNoise } from '../../../src/sample/noise.ts';
import { drawMeasurements } from '../../../src/sample/residuals.ts';
import { walkJump } from '../../../src/sample/walk-jump.ts';
import { optionsOf } from '../../settings/setting.ts';
import { type WalkState, walkSettings } from './schema.ts';

/** What shapes the chains; names and units are those of `mdensity walk`. */
export interface WalkSettings {
  /** σ, in the unit of x. */
  readonly sigma: number;
  readonly measurements: number;
  readonly kernel: KernelName;
  /** In units of σ. */
  readonly stepSize: number;
  /** γδ of one step. */
  readonly friction: number;
  readonly inverseMass: number;
  readonly meanWalk: boolean;
  readonly chains: number;
  readonly seed: number;
}

export interface Walking {
  readonly settings: WalkSettings;
  /** The latest jump; undefined before the first step. */
  readonly latest: Jump | undefined;
  /**
   * Moves every chain by one step and jumps.
   *
   * @throws UserError where a chain leaves what numbers can hold, naming chain and step; from then
   *   on every call throws it.
   */
  step(): Promise<Jump>;
  /**
   * The M measurements of one chain now, `[M, 2]`; of a mean walk, drawn as they are distributed
   * given ȳ.
   */
  measurementsOf(chain: number): Float32Array;
}

/**
 * Starts chains at step 0, of a density that is known or a ν that was learned.
 * @throws UserError for a kernel that needs more of it than there is.
 */
export function startWalking(source: Density | Denoiser, settings: WalkSettings): Walking {
  const { sigma, measurements, meanWalk, chains, seed } = settings;
  const denoiser =
    'denoise' in source ? source : exactDenoiser(source, effectiveNoise(sigma, measurements));
  const jumps = walkJump(denoiser, { ...settings, steps: Number.MAX_SAFE_INTEGER, jumpEvery: 1 });
  const noise = chainNoise(seed, chains);
  let latest: Jump | undefined;
  let failure: unknown;
  return {
    settings,
    get latest() {
      return latest;
    },
    async step() {
      if (failure !== undefined) throw failure;
      try {
        // It would take more steps than can be counted to end.
        latest = (await jumps.next()).value as Jump;
        return latest;
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    measurementsOf(chain) {
      if (!latest) return new Float32Array(0);
      const width = 2 * measurements;
      const all = meanWalk
        ? drawMeasurements(latest.ybar, { measurements, sigma, step: latest.step }, noise)
        : latest.state.position;
      return all.slice(chain * width, (chain + 1) * width);
    },
  };
}

/** The command that walks the same chains, for a density by its name or file. */
export function commandOf(density: string, state: CommandState): string {
  const options = [...optionsOf(walkSettings, state)];
  // The seed has a field of its own.
  if (state.seed !== 0) options.push(`--seed ${state.seed}`);
  const measurements = state.M === 1 ? [] : [`--measurements ${state.M}`];
  return [
    `mdensity walk --density ${density} --sigma ${state.sigma}`,
    ...measurements,
    ...options,
    '--out walk/',
  ].join(' ');
}

/** The part of a view's state that shapes the chains. */
export type CommandState = Pick<WalkState, keyof typeof walkSettings | 'sigma' | 'M' | 'seed'>;

/** The walk that a view's state asks for. */
export const settingsOf = (state: CommandState): WalkSettings => ({
  sigma: state.sigma,
  measurements: state.M,
  kernel: state.kernel as KernelName,
  stepSize: state.step,
  friction: state.friction,
  inverseMass: state.mass,
  meanWalk: state.mean,
  chains: state.chains,
  seed: state.seed,
});
