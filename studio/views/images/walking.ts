/** A wall at work: frames come, settings change, chains are placed. */
import { tick } from 'svelte';
import { UserError } from '../../../src/errors.ts';
import { tuneOf } from '../../engine/engine.ts';
import type { FrameListener, WalkFrame, WalkSettings } from '../../engine/protocol.ts';
import { sameKept } from '../../engine/steering.ts';
import { KEEPS_NO_PLACE } from '../../engine/told.ts';
import { addFrame, emptyHistory, rested } from './history.ts';
import { walkSettings } from './schema.ts';
import {
  callsOfJump,
  callsOfStep,
  sameSettings,
  servedBy,
  settingsOf,
  stateOf,
} from './settings.ts';
import { errorNote, openedChain, type Wall } from './wall.svelte.ts';

/** Shows frames as they come, no faster than the reader wants. */
export function receiver(wall: Wall, id: number): FrameListener {
  let shownAt = 0;
  return async (frame: WalkFrame) => {
    const { state, shown, show } = wall;
    if (shown.model?.id !== id) return;
    const rest = shown.playing ? shownAt + 1000 / state.pace - performance.now() : 0;
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    await new Promise(requestAnimationFrame);
    if (wall.shown.model?.id !== id) return;
    shownAt = performance.now();
    const settings = wall.behind.settings!;
    const { model } = wall.shown;
    const calls =
      frame.calls === undefined
        ? { step: callsOfStep(model, settings), jump: callsOfJump(model, settings) }
        : { step: 0, jump: frame.calls };
    const history = addFrame(wall.shown.history, frame, { calls, now: shownAt });
    show({ history, measured: undefined });
    if (!wall.shown.playing) show({ history: rested(wall.shown.history) });
    void showMeasurements(wall);
  };
}

/** Brings y of the opened chain up to date. */
export async function showMeasurements(wall: Wall): Promise<void> {
  const { walk } = wall.behind;
  const chain = openedChain(wall.state);
  if (!walk || chain === undefined) return wall.show({ y: undefined });
  const y = await walk.measurements(chain);
  if (wall.behind.walk === walk && openedChain(wall.state) === chain) wall.show({ y });
}

export async function play(wall: Wall): Promise<void> {
  wall.show({ playing: true, walkNote: undefined, fileNote: undefined });
  await wall.behind.walk?.play();
}

export async function pause(wall: Wall): Promise<void> {
  wall.show({ playing: false, history: rested(wall.shown.history) });
  await wall.behind.walk?.pause();
}

/** One jump. */
export async function step(wall: Wall): Promise<void> {
  wall.show({ walkNote: undefined, fileNote: undefined });
  await attempt(wall, async () => wall.behind.walk?.step());
}

/** Starts again from the seed, and shows the first jump. */
export async function reset(wall: Wall): Promise<void> {
  const { playing } = wall.shown;
  wall.show({ walkNote: undefined, history: emptyHistory });
  await attempt(wall, async () => {
    await wall.behind.walk?.reset();
    if (!playing) await wall.behind.walk?.step();
  });
}

/**
 * Starts a chain from a picture `[c, h, w]`.
 * @throws UserError for a walk that keeps no place.
 */
export async function place(wall: Wall, chain: number, x: Float32Array): Promise<void> {
  if (wall.behind.settings?.walk === 'sequential') throw new UserError(KEEPS_NO_PLACE);
  await attempt(wall, async () => wall.behind.walk?.place(chain, x));
}

/** Finds a step and a friction for the walk as it is, and takes them. */
export async function tune(wall: Wall): Promise<void> {
  const { walk } = wall.behind;
  if (!walk || wall.shown.tuning) return;
  wall.show({ walkNote: undefined, tuning: { done: 0, of: 1 } });
  try {
    const found = await tuneOf(walk, (done, of) => {
      if (wall.shown.tuning && wall.behind.walk === walk) wall.show({ tuning: { done, of } });
    });
    if (!found || wall.behind.walk !== walk) return;
    Object.assign(wall.state, found);
    const { stepSize, friction } = found;
    const text = `Tuned: steps of ${stepSize} σ and friction ${friction} give the most independent jumps for a score call, of those without a bias that shows.`;
    wall.show({ walkNote: { kind: 'info', text } });
  } catch (error) {
    if (wall.behind.walk === walk) wall.show({ walkNote: errorNote(error) });
  } finally {
    wall.show({ tuning: undefined });
  }
}

/** Ends a tuning; step and friction stay. */
export const endTuning = (wall: Wall): void => void wall.behind.walk?.endTuning();

/** The walk ended by itself and is back at its start. */
export function failed(wall: Wall, message: string): void {
  const diverged = /^chain \d+, step/.test(message);
  // The library counts chains from 0, the wall from 1.
  const text = message.replace(/^chain (\d+)/, (_, chain) => `chain ${Number(chain) + 1}`);
  wall.show({
    playing: false,
    walkNote: { kind: 'error', text, diverged },
    history: rested(wall.shown.history),
  });
}

/** The way on after chains diverged: half the step size, from the start. */
export async function goOnSlower(wall: Wall): Promise<void> {
  wall.state.stepSize = Math.max(walkSettings.stepSize.range[0], wall.state.stepSize / 2);
  await tick();
  await wall.behind.changing;
  await play(wall);
}

/**
 * Follows the controls: the walk goes on with the nearest that its model can serve. What it cannot
 * take is said, and the controls go back. They are of the next model while that is on its way.
 */
export function followSettings(wall: Wall): void {
  const { behind } = wall;
  if (!behind.walk || behind.changing || behind.loading) return;
  behind.changing = change(wall).finally(() => {
    behind.changing = undefined;
  });
}

async function change(wall: Wall): Promise<void> {
  const { behind, state } = wall;
  for (;;) {
    const { walk, settings: before } = behind;
    const { model } = wall.shown;
    if (!walk || !before || !model || behind.loading) return;
    const { settings: wanted, note } = servedBy(model, settingsOf(state, wall.shown.kept));
    Object.assign(state, stateOf(wanted));
    if (note !== undefined) wall.show({ walkNote: { kind: 'info', text: note } });
    if (sameSettings(wanted, before)) return;
    try {
      await walk.change(wanted);
      if (behind.walk !== walk) return;
      behind.settings = wanted;
      if (startsAgain(before, wanted) && !wall.shown.playing) await step(wall);
    } catch (error) {
      if (behind.walk !== walk) return;
      wall.show({ walkNote: errorNote(error), kept: before.kept && wall.shown.kept });
      Object.assign(state, stateOf(before));
    }
  }
}

const startsAgain = (a: WalkSettings, b: WalkSettings) =>
  a.seed !== b.seed || a.chains !== b.chains || !sameKept(a.kept, b.kept);

async function attempt(wall: Wall, task: () => Promise<unknown>): Promise<void> {
  const { walk } = wall.behind;
  try {
    await task();
  } catch (error) {
    if (wall.behind.walk === walk) failed(wall, errorNote(error).text);
  }
}
