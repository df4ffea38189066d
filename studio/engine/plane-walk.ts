/** Walks in the plane, in the worker: the chains that `mdensity walk` makes for the same options. */
import type { Denoiser } from '../../src/density/denoiser.ts';
import { exactDenoiser } from '../../src/density/density.ts';
import { effectiveNoise } from '../../src/density/gps.ts';
import { DivergedError, UserError } from '../../src/errors.ts';
import type { Jump } from '../../src/sample/jump.ts';
import { chainNoise } from '../../src/sample/noise.ts';
import { drawMeasurements } from '../../src/sample/residuals.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import { planeTarget } from '../target/density.ts';
import { lineOf } from './device.ts';
import type { HeldModel } from './models.ts';
import type {
  PlaneFailure,
  PlaneSteps,
  PlaneWalk,
  PlaneWalkSettings,
  PlaneWish,
} from './protocol.ts';

/** Chains on their way. */
export interface PlaneChains {
  readonly settings: PlaneWalkSettings;
  readonly jumps: AsyncGenerator<Jump, void, undefined>;
  /** Absent before the first step. */
  latest?: Jump;
  /** Why no step follows. */
  failure?: PlaneFailure;
}

/**
 * Puts chains to their start, in the density of a choice or by a ν that was learned of it.
 *
 * @throws UserError for a kernel that needs more than there is, and where there is no density.
 */
export function startPlane(
  { choice, settings }: PlaneWalk,
  learned?: Pick<HeldModel, 'model'>,
): PlaneChains {
  const { sigma, measurements } = settings;
  const effective = effectiveNoise(sigma, measurements);
  const denoiser = learned ? learned.model.at(learned.model.sigma) : exactOf(choice, effective);
  // More steps than anybody will see.
  const walk = { ...settings, steps: Number.MAX_SAFE_INTEGER, jumpEvery: 1 };
  return { settings, jumps: walkJump(denoiser, walk) };
}

function exactOf(choice: PlaneWalk['choice'], sigma: number): Denoiser {
  const target = planeTarget(choice);
  if (target) return exactDenoiser(target.density, sigma);
  throw new UserError('there is no density to walk; draw a point or add a centre');
}

/** Moves every chain by as many steps as are wished for and time allows, while it is `current`. */
export async function advancePlane(
  chains: PlaneChains,
  { steps, milliseconds, look }: PlaneWish,
  current: () => boolean = () => true,
): Promise<PlaneSteps> {
  const until = performance.now() + milliseconds;
  const made: Jump[] = [];
  while (made.length < steps && chains.failure === undefined && current()) {
    try {
      const { value } = await chains.jumps.next();
      if (!value) throw new Error('an endless walk has ended');
      chains.latest = value;
      made.push(value);
    } catch (error) {
      // A defect is not the reader's to mend: it must reach the console.
      if (!(error instanceof UserError)) throw error;
      const at = error instanceof DivergedError ? { at: error.facts } : {};
      chains.failure = { text: lineOf(error), ...at };
    }
    if (performance.now() > until) break;
  }
  const y = look === undefined || made.length === 0 ? undefined : planeMeasurements(chains, look);
  const { failure } = chains;
  return { ...joined(made), ...(y && { y }), ...(failure && { failure }) };
}

/** Puts jumps one after the other into one array each. */
function joined(jumps: readonly Jump[]): PlaneSteps {
  const all = (of: (jump: Jump) => Float32Array) => {
    const width = jumps[0] ? of(jumps[0]).length : 0;
    const out = new Float32Array(jumps.length * width);
    for (const [k, jump] of jumps.entries()) out.set(of(jump), k * width);
    return out;
  };
  const tests = jumps.flatMap(({ acceptance }) => (acceptance ? [...acceptance] : []));
  return {
    count: jumps.length,
    first: jumps[0]?.step ?? 0,
    ybar: all(({ ybar }) => ybar),
    xhat: all(({ xhat }) => xhat),
    ...(tests.length > 0 && { acceptance: Float64Array.from(tests) }),
  };
}

/** @see Engine.measurementsInPlane */
export function planeMeasurements(
  { settings, latest }: PlaneChains,
  chain: number,
): Float32Array<ArrayBuffer> {
  if (!latest) return new Float32Array(0);
  const { measurements, sigma, meanWalk, chains, seed } = settings;
  const { ybar, step, state } = latest;
  const all = meanWalk
    ? drawMeasurements(ybar, { measurements, sigma, step }, chainNoise(seed, chains))
    : state.position;
  return Float32Array.from(all.subarray(chain * 2 * measurements, (chain + 1) * 2 * measurements));
}
