/** The walk of the view: the chains that `mdensity walk` makes for the same options. */
import type { Density } from '../../../src/density/density.ts';
import { exactDenoiser } from '../../../src/density/density.ts';
import { effectiveNoise } from '../../../src/density/gps.ts';
import type { KernelName } from '../../../src/sample/kernels/index.ts';
import { chainNoise } from '../../../src/sample/noise.ts';
import { drawMeasurements } from '../../../src/sample/residuals.ts';
import { type Jump, walkJump } from '../../../src/sample/walk-jump.ts';

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
   * @throws UserError where a chain leaves what numbers can hold, naming chain and step; from then on every call throws it.
   */
  step(): Promise<Jump>;
  /** The M measurements of one chain now, `[M, 2]`; of a mean walk, drawn as they are distributed given ȳ. */
  measurementsOf(chain: number): Float32Array;
}

/** Starts chains at step 0. */
export function startWalking(density: Density, settings: WalkSettings): Walking {
  const { sigma, measurements, meanWalk, chains, seed } = settings;
  const denoiser = exactDenoiser(density, effectiveNoise(sigma, measurements));
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
export function commandOf(
  density: string,
  {
    sigma,
    measurements,
    kernel,
    stepSize,
    friction,
    inverseMass,
    meanWalk,
    chains,
    seed,
  }: WalkSettings,
  { burnIn, thin }: { readonly burnIn: number; readonly thin: number },
): string {
  const parts: string[] = [`mdensity walk --density ${density} --sigma ${sigma}`];
  const add = (flag: string, value: number | string, standard: number | string) => {
    if (value !== standard) parts.push(`--${flag} ${value}`);
  };
  add('measurements', measurements, 1);
  add('kernel', kernel, 'sachs');
  if (meanWalk) parts.push('--mean-walk');
  add('step-size', stepSize, 0.5);
  add('friction', friction, 0.5);
  add('inverse-mass', inverseMass, 1);
  add('chains', chains, 16);
  add('burn-in', burnIn, 200);
  add('thin', thin, 5);
  add('seed', seed, 0);
  return [...parts, '--out walk/'].join(' ');
}
