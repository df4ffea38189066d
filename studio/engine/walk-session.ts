/**
 * A walk that can be changed on its way: `walkJump` of the library, begun again from where it
 * stands.
 */
import type { Denoiser } from '../../src/density/index.ts';
import { DivergedError, UserError } from '../../src/errors.ts';
import type { Condition } from '../../src/model/index.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import type { Jump } from '../../src/sample/jump.ts';
import type { State } from '../../src/sample/kernel.ts';
import { chainNoise } from '../../src/sample/noise.ts';
import { drawMeasurements } from '../../src/sample/residuals.ts';
import { measurementsOfBlocks } from '../../src/sample/sequential/measurements.ts';
import { blockSizes } from '../../src/sample/sequential/member.ts';
import type { SequentialState } from '../../src/sample/sequential/state.ts';
import { steeredAt } from '../../src/sample/steer.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import { type CountModel, countsBehind, countsOf, estimatorOf } from './counts.ts';
import type { MeasuringListener, ModelFacts, WalkSettings } from './protocol.ts';
import { sameKept, steeringOf, withMeasured } from './steering.ts';
import { KEEPS_NO_PLACE, memberOf } from './told.ts';

/** A model of Gaussian noise at each level and under each class that it may be told. */
export interface GaussianModel
  extends Pick<ModelFacts, 'shape' | 'sigma' | 'stacked' | 'levels' | 'classes'> {
  readonly counts?: undefined;
  at(effectiveSigma: number, condition?: Condition): Denoiser;
}

/** What can be walked. */
export type Walkable = GaussianModel | CountModel;

/** A part of a walk: with other settings, or from chains that were moved, another one begins. */
interface Part {
  readonly settings: WalkSettings;
  /** Parts that do not go on from each other to the bit have noise of their own. */
  readonly number: number;
  /** Steps of the parts before. */
  readonly stepsBefore: number;
}

export interface WalkSession {
  readonly model: Walkable;
  readonly onMeasured: MeasuringListener | undefined;
  /** What walks now. */
  part: Part;
  jumps: AsyncGenerator<Jump, void, undefined>;
  /** The latest jump, with the part that it was made in; absent before the first. */
  latest: { readonly jump: Jump; readonly part: Part } | undefined;
}

/** More steps than anybody will see. */
const ENDLESS = 2 ** 40;
/** Between the seeds of two parts. */
const STRIDE = 2 ** 32;
/** Purposes of the noise of chains that are put somewhere; out of the way of the walk's own. */
const PLACED = 2 ** 41;
const SHARED = 2 ** 41 + 1;

/** @throws UserError for settings that the model cannot serve. */
export function createSession(
  model: Walkable,
  settings: WalkSettings,
  onMeasured?: MeasuringListener,
): WalkSession {
  const part = { settings, number: 0, stepsBefore: 0 };
  const walked = { model, onMeasured };
  return { ...walked, part, jumps: jumpsFrom(walked, part), latest: undefined };
}

/**
 * The next jump of every chain.
 *
 * @throws UserError for a chain that diverges; then all begin again.
 */
export async function nextJump(session: WalkSession): Promise<Jump> {
  const { part } = session;
  try {
    const { value: jump } = await session.jumps.next();
    if (!jump) throw new Error('an endless walk has ended');
    session.latest = { jump, part };
    return { ...jump, step: part.stepsBefore + jump.step };
  } catch (error) {
    restart(session);
    throw error instanceof DivergedError ? ofWholeWalk(error, part.stepsBefore) : error;
  }
}

/** The error of a part with the step counted from the start of the walk. */
function ofWholeWalk({ message, facts }: DivergedError, stepsBefore: number): DivergedError {
  const step = stepsBefore + facts.step;
  const text = message.replace(`step ${facts.step}:`, `step ${step}:`);
  return new DivergedError(text, { ...facts, step });
}

/** Begins again as from the seed. */
export function restart(session: WalkSession): void {
  beginAgain(session, session.part.settings);
}

function beginAgain(session: WalkSession, settings: WalkSettings): void {
  Object.assign(session, createSession(session.model, settings, session.onMeasured));
}

/**
 * Goes on with other settings. Where a state of the old walk is one of the new, to the same bits as
 * if it had always been so; else from the same ȳ, with residuals drawn exactly where all of y is
 * walked; counts are shared out among measurements as they are distributed given their sum. A
 * sequential walk makes every jump anew, and another one starts at its own beginning.
 *
 * @throws UserError for settings that the model cannot serve; nothing has changed then.
 */
export function changeSettings(session: WalkSession, settings: WalkSettings): void {
  const { model, latest } = session;
  const before = latest?.part.settings;
  if (!latest || !before || startsAgain(before, settings)) {
    beginAgain(session, settings);
  } else if (goesOn(model, before, settings)) {
    const part = { ...latest.part, settings };
    session.jumps = jumpsFrom(session, part, structuredClone(latest.jump.state));
    session.part = part;
  } else if (settings.walk === 'sequential') {
    goOnFrom(session, settings);
  } else {
    const { position } = latest.jump.state;
    const stays = sameWalk(model, before, settings);
    goOnFrom(session, settings, stays ? position.slice() : positionsFor(session, settings));
  }
}

/**
 * Puts chain `index` to x `[d]` under fresh noise, y_m = x + σ ε_m or counts of x, and makes a jump.
 * The other chains keep their places.
 *
 * @throws UserError for x of another size, and for a sequential walk, which keeps no place.
 */
export async function placeChain(
  session: WalkSession,
  index: number,
  x: Float32Array,
): Promise<Jump> {
  const { model, part } = session;
  const { settings } = part;
  if (settings.walk === 'sequential') throw new UserError(KEEPS_NO_PLACE);
  const d = dimensionOf(model);
  if (x.length !== d) {
    throw new UserError(`the picture has ${x.length} values, this model takes ${d}`);
  }
  const { state } = session.latest?.jump ?? (await nextJump(session));
  const position = state.position.slice();
  const row = position.length / settings.chains;
  if (model.counts) {
    const key = { seed: settings.seed, chain: index, purpose: PLACED, step: part.number };
    position.set(countsOf(x, settings.measurements, model.counts, key), index * row);
    goOnFrom(session, settings, position);
    return nextJump(session);
  }
  const noise = new Float32Array(row);
  fillNormal(randomKey(settings.seed, index, PLACED), part.number, noise);
  const { effectiveSigma, sigma } = memberOf(model, settings);
  const deviation = settings.walk === 'mean' ? effectiveSigma : sigma;
  for (let i = 0; i < row; i++) position[index * row + i] = x[i % d]! + deviation * noise[i]!;
  goOnFrom(session, settings, position);
  return nextJump(session);
}

/** y of one chain at the latest jump, `[M, d]`; empty before the first. */
export function measurementsOf(session: WalkSession, index: number): Float32Array {
  const { model, latest } = session;
  if (!latest) return new Float32Array(0);
  const { jump, part } = latest;
  const { settings } = part;
  const { measurements, sigma } = memberOf(model, settings);
  const row = measurements * dimensionOf(model);
  const all = {
    joint: () => jump.state.position,
    mean: () => positionsFor(session, { ...settings, walk: 'joint' }),
    sequential: () => measurementsOfDraw(model, jump, part),
  };
  const y = all[settings.walk]().slice(index * row, (index + 1) * row);
  if (settings.walk !== 'joint' || model.counts) return y;
  return withMeasured(y, settings.kept, { sigma, seed: seedOf(settings.seed, part.number), index });
}

/** All measurements of a draw that was made one block after another. */
function measurementsOfDraw(model: Walkable, { state, step }: Jump, part: Part): Float32Array {
  const { sigma, measurements } = memberOf(model, part.settings);
  const sizes = blockSizes(measurements);
  return measurementsOfBlocks(
    (state as SequentialState).blocks,
    { sizes, sigma, step },
    noiseOf(part),
  );
}

/** Begins another part from positions, or at its own beginning. */
function goOnFrom(session: WalkSession, settings: WalkSettings, position?: Float32Array): void {
  const { part, latest } = session;
  const stepsBefore = latest ? latest.part.stepsBefore + latest.jump.step : 0;
  const next = { settings, number: part.number + 1, stepsBefore };
  session.jumps = jumpsFrom(session, next, position);
  session.part = next;
}

function jumpsFrom(
  { model, onMeasured }: Pick<WalkSession, 'model' | 'onMeasured'>,
  { settings, number }: Part,
  initial?: Float32Array | State,
): WalkSession['jumps'] {
  const { shape, levels } = model;
  const { measurements, kept, class: _, guidance: __, effectiveSigma: ___, ...walk } = settings;
  const own = {
    seed: seedOf(settings.seed, number),
    steps: ENDLESS,
    ...(initial && { initial }),
    ...(kept && kept.noise === undefined && { fixed: kept }),
  };
  if (model.counts) return walkJump(estimatorOf(model), { ...walk, ...own, measurements });
  const member = memberOf(model, settings);
  const at = steeredAt(model.at, steeringOf(model, settings));
  if (levels && walk.walk === 'sequential') {
    const told = onMeasured && { onMeasured };
    return walkJump({ shape, levels, at }, { ...walk, ...own, ...member, ...told });
  }
  return walkJump(at(member.effectiveSigma), { ...walk, ...own, measurements });
}

/** Whether chains under the second settings have nothing of those under the first. */
const startsAgain = (a: WalkSettings, b: WalkSettings): boolean =>
  a.seed !== b.seed || a.chains !== b.chains || !sameKept(a.kept, b.kept);

const seedOf = (seed: number, part: number) => (seed + part * STRIDE) % Number.MAX_SAFE_INTEGER;

const noiseOf = ({ settings: { seed, chains }, number }: Part) =>
  chainNoise(seedOf(seed, number), chains);

/**
 * Positions for another M or another walk: the latest ȳ, residuals drawn where all of y is walked.
 */
function positionsFor({ model, latest }: WalkSession, settings: WalkSettings): Float32Array {
  const { jump, part } = latest!;
  if (settings.walk === 'mean') return jump.ybar.slice();
  if (model.counts) {
    const { measurements: M, seed, chains } = settings;
    const d = dimensionOf(model);
    const rows = Array.from({ length: chains }, (_, chain) => {
      const key = { seed: seedOf(seed, part.number), chain, purpose: SHARED, step: jump.step };
      return countsBehind(jump.ybar.subarray(chain * d, (chain + 1) * d), M, key);
    });
    return Float32Array.from(rows.flatMap((row) => [...row]));
  }
  const { measurements, sigma } = memberOf(model, settings);
  return drawMeasurements(jump.ybar, { measurements, sigma, step: jump.step }, noiseOf(part));
}

const dimensionOf = ({ shape }: Walkable) => shape.reduce((product, size) => product * size, 1);

/** Whether the positions of one walk are positions of the other. */
function sameWalk(model: Walkable, a: WalkSettings, b: WalkSettings): boolean {
  const [one, other] = [memberOf(model, a), memberOf(model, b)];
  return (
    a.walk === b.walk &&
    one.measurements === other.measurements &&
    one.effectiveSigma === other.effectiveSigma
  );
}

/** Whether a state of one walk is one of the other; draws are counted in jumps of one length. */
const goesOn = (model: Walkable, a: WalkSettings, b: WalkSettings): boolean =>
  sameWalk(model, a, b) &&
  a.kernel === b.kernel &&
  (a.walk !== 'sequential' || a.jumpEvery === b.jumpEvery);
