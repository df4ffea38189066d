/** Walks in the plane, in the worker: the chains that `mdensity walk` makes for the same options. */
import { exactFamily } from '../../src/density/family.ts';
import { effectiveNoise } from '../../src/density/gps.ts';
import { DivergedError, UserError } from '../../src/errors.ts';
import type { Jump } from '../../src/sample/jump.ts';
import { chainNoise } from '../../src/sample/noise.ts';
import { drawMeasurements } from '../../src/sample/residuals.ts';
import { measurementsOfBlocks } from '../../src/sample/sequential/measurements.ts';
import { blockSizes } from '../../src/sample/sequential/member.ts';
import type { SequentialState } from '../../src/sample/sequential/state.ts';
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
import type { Walkable } from './walk-session.ts';

/** Chains on their way. */
export interface PlaneChains {
  readonly settings: PlaneWalkSettings;
  readonly jumps: AsyncGenerator<Jump, void, undefined>;
  /** Absent before the first jump. */
  latest?: Jump;
  /** Why no jump follows. */
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
  const { sigma, ...walk } = settings;
  const effectiveSigma = effectiveNoise(sigma, walk.measurements);
  const model = learned ? gaussianOf(learned.model) : exactOf(choice);
  // More steps than anybody will see.
  const options = { ...walk, effectiveSigma, steps: Number.MAX_SAFE_INTEGER };
  return { settings, jumps: walkJump(model, options) };
}

function gaussianOf(model: Walkable) {
  if (!model.counts) return model.at(model.sigma);
  throw new UserError(
    'this model is of counts, and the plane is walked under Gaussian noise; open it in Images if it is of pictures, or use mdensity sample',
  );
}

function exactOf(choice: PlaneWalk['choice']) {
  const target = planeTarget(choice);
  if (target) return exactFamily(target.density);
  throw new UserError('there is no density to walk; draw a point or add a centre');
}

/** Makes as many jumps of every chain as are wished for and time allows, while it is `current`. */
export async function advancePlane(
  chains: PlaneChains,
  { jumps, milliseconds, look }: PlaneWish,
  current: () => boolean = () => true,
): Promise<PlaneSteps> {
  const until = performance.now() + milliseconds;
  const made: Jump[] = [];
  while (made.length < jumps && chains.failure === undefined && current()) {
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
    steps: jumps.map(({ step }) => step),
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
  const { measurements, sigma, walk, chains, seed } = settings;
  const { ybar, step, state } = latest;
  const noise = chainNoise(seed, chains);
  const all = {
    joint: () => state.position,
    mean: () => drawMeasurements(ybar, { measurements, sigma, step }, noise),
    sequential: () => {
      const sizes = blockSizes(measurements);
      return measurementsOfBlocks((state as SequentialState).blocks, { sizes, sigma, step }, noise);
    },
  };
  const width = 2 * measurements;
  return Float32Array.from(all[walk]().subarray(chain * width, (chain + 1) * width));
}
