/** Walks in the worker, as the page handles them. */
import type { Jump } from '../../src/sample/jump.ts';
import { lineOf } from './device.ts';
import { createPlayer } from './player.ts';
import type {
  FailureListener,
  FrameListener,
  WalkControls,
  WalkFrame,
  WalkSettings,
} from './protocol.ts';
import {
  changeSettings,
  createSession,
  measurementsOf,
  nextJump,
  placeChain,
  restart,
  type Walkable,
} from './walk-session.ts';

/** A walk that rests at its start. @throws UserError for settings that the model cannot serve. */
export function createWalk(
  model: Walkable,
  settings: WalkSettings,
  onFrame: FrameListener,
  onFailure: FailureListener,
): WalkControls {
  const session = createSession(model, settings);
  const show = async (make: () => Promise<Jump>) => {
    const began = performance.now();
    const jump = await make();
    await onFrame(frameOf(jump, (performance.now() - began) / 1000));
    return true;
  };
  const round = () => show(() => nextJump(session));
  const { play, pause, between } = createPlayer({
    round,
    onFailure: (error) => onFailure(lineOf(error)),
  });
  return {
    play,
    pause,
    step: () => between(async () => void (await round())),
    change: (next) => between(async () => changeSettings(session, next)),
    place: (index, x) =>
      between(async () => void (await show(() => placeChain(session, index, x)))),
    reset: () => between(async () => restart(session)),
    measurements: (index) => between(async () => measurementsOf(session, index)),
    close: async () => {
      pause();
      // What is under way still needs the model.
      await between(async () => undefined);
    },
  };
}

function frameOf({ step, ybar, xhat, acceptance }: Jump, seconds: number): WalkFrame {
  return {
    step,
    seconds,
    // The session goes on from its own.
    ybar: ybar.slice(),
    xhat: xhat as WalkFrame['xhat'],
    ...(acceptance && { acceptance: acceptance as Float64Array<ArrayBuffer> }),
  };
}
