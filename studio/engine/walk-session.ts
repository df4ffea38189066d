/** A walk that can be changed on its way: `walkJump` of the library, begun again from where it stands. */
import type { Denoiser } from '../../src/density/index.ts';
import { UserError } from '../../src/errors.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import type { State } from '../../src/sample/kernel.ts';
import { chainNoise } from '../../src/sample/noise.ts';
import { drawMeasurements } from '../../src/sample/residuals.ts';
import { type Jump, walkJump } from '../../src/sample/walk-jump.ts';
import type { WalkSettings } from './protocol.ts';

/** A part of a walk: with other settings, or from chains that were moved, another one begins. */
interface Part {
  readonly settings: WalkSettings;
  /** Parts that do not go on from each other to the bit have noise of their own. */
  readonly number: number;
  /** Steps of the parts before. */
  readonly stepsBefore: number;
}

export interface WalkSession {
  readonly denoiser: Denoiser;
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
/** Purpose of the noise of chains that are put somewhere; out of the way of the walk's own. */
const PLACED = 2 ** 41;

/** @throws UserError for settings that the model cannot serve. */
export function createSession(denoiser: Denoiser, settings: WalkSettings): WalkSession {
  const part = { settings, number: 0, stepsBefore: 0 };
  return { denoiser, part, jumps: jumpsFrom(denoiser, part), latest: undefined };
}

/** The next jump of every chain. @throws UserError for a chain that diverges; then all begin again. */
export async function nextJump(session: WalkSession): Promise<Jump> {
  const { part } = session;
  try {
    const { value: jump } = await session.jumps.next();
    if (!jump) throw new Error('an endless walk has ended');
    session.latest = { jump, part };
    return { ...jump, step: part.stepsBefore + jump.step };
  } catch (error) {
    restart(session);
    throw error;
  }
}

/** Begins again as from the seed. */
export function restart(session: WalkSession): void {
  Object.assign(session, createSession(session.denoiser, session.part.settings));
}

/**
 * Goes on with other settings. Where a state of the old walk is one of the new, to the same bits as if it had
 * always been so; else from the same ȳ, and with another M from residuals drawn exactly.
 * @throws UserError for settings that the model cannot serve; nothing has changed then.
 */
export function changeSettings(session: WalkSession, settings: WalkSettings): void {
  const { denoiser, latest } = session;
  const before = latest?.part.settings;
  if (!latest || before?.seed !== settings.seed || before.chains !== settings.chains) {
    Object.assign(session, createSession(denoiser, settings));
  } else if (sameWalk(before, settings) && before.kernel === settings.kernel) {
    const part = { ...latest.part, settings };
    session.jumps = jumpsFrom(denoiser, part, structuredClone(latest.jump.state));
    session.part = part;
  } else {
    const { state } = latest.jump;
    goOnFrom(
      session,
      settings,
      sameWalk(before, settings) ? state.position.slice() : positionsFor(session, settings),
    );
  }
}

/**
 * Puts chain `index` to x `[d]` under fresh noise, y_m = x + σ ε_m, and makes a jump. The other chains keep
 * their places.
 */
export async function placeChain(
  session: WalkSession,
  index: number,
  x: Float32Array,
): Promise<Jump> {
  const { denoiser, part } = session;
  const { settings } = part;
  const d = dimensionOf(denoiser);
  if (x.length !== d) {
    throw new UserError(`the picture has ${x.length} values, this model takes ${d}`);
  }
  const { state } = session.latest?.jump ?? (await nextJump(session));
  const position = state.position.slice();
  const row = position.length / settings.chains;
  const noise = new Float32Array(row);
  fillNormal(randomKey(settings.seed, index, PLACED), part.number, noise);
  const deviation = settings.meanWalk ? denoiser.sigma : sigmaOf(denoiser, settings);
  for (let i = 0; i < row; i++) position[index * row + i] = x[i % d]! + deviation * noise[i]!;
  goOnFrom(session, settings, position);
  return nextJump(session);
}

/** y of one chain at the latest jump, `[M, d]`; empty before the first. */
export function measurementsOf(session: WalkSession, index: number): Float32Array {
  const { denoiser, latest } = session;
  if (!latest) return new Float32Array(0);
  const { settings } = latest.part;
  const row = settings.measurements * dimensionOf(denoiser);
  const all = settings.meanWalk
    ? positionsFor(session, { ...settings, meanWalk: false })
    : latest.jump.state.position;
  return all.slice(index * row, (index + 1) * row);
}

/** Begins another part from positions. */
function goOnFrom(session: WalkSession, settings: WalkSettings, position: Float32Array): void {
  const { part, denoiser, latest } = session;
  const stepsBefore = latest ? latest.part.stepsBefore + latest.jump.step : 0;
  const next = { settings, number: part.number + 1, stepsBefore };
  session.jumps = jumpsFrom(denoiser, next, position);
  session.part = next;
}

function jumpsFrom(
  denoiser: Denoiser,
  { settings: { seed, ...walk }, number }: Part,
  initial?: Float32Array | State,
): WalkSession['jumps'] {
  const own = { seed: seedOf(seed, number), steps: ENDLESS, ...(initial && { initial }) };
  return walkJump(denoiser, { ...walk, ...own });
}

const seedOf = (seed: number, part: number) => (seed + part * STRIDE) % Number.MAX_SAFE_INTEGER;

/** Positions for another M or another walk: the latest ȳ, residuals drawn where all of y is walked. */
function positionsFor({ denoiser, latest }: WalkSession, settings: WalkSettings): Float32Array {
  const { jump, part } = latest!;
  if (settings.meanWalk) return jump.ybar.slice();
  const { measurements, chains } = settings;
  const sigma = sigmaOf(denoiser, settings);
  const noise = chainNoise(seedOf(part.settings.seed, part.number), chains);
  return drawMeasurements(jump.ybar, { measurements, sigma, step: jump.step }, noise);
}

/** Noise of one measurement. */
const sigmaOf = ({ sigma, stacked = 1 }: Denoiser, { measurements }: WalkSettings): number =>
  stacked > 1 ? sigma : sigma * Math.sqrt(measurements);

const dimensionOf = ({ shape }: Denoiser) => shape.reduce((product, size) => product * size, 1);

/** Whether the positions of one walk are positions of the other. */
const sameWalk = (a: WalkSettings, b: WalkSettings): boolean =>
  a.measurements === b.measurements && a.meanWalk === b.meanWalk;
