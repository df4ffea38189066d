/** Walks in the worker, as the page handles them. */

import { UserError } from '../../src/errors.ts';
import { tuneWalk } from '../../src/evaluate/tune.ts';
import type { Jump } from '../../src/sample/jump.ts';
import { steeredAt } from '../../src/sample/steer.ts';
import { lineOf } from './device.ts';
import { createPlayer } from './player.ts';
import type {
  FailureListener,
  FrameListener,
  MeasuringListener,
  TrialListener,
  Tuning,
  WalkControls,
  WalkFrame,
  WalkSettings,
} from './protocol.ts';
import { steeringOf } from './steering.ts';
import { memberOf } from './told.ts';
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
  onMeasured?: MeasuringListener,
): WalkControls {
  const session = createSession(model, settings, onMeasured && nowAndThen(onMeasured));
  let tuning: AbortController | undefined;
  const show = async (make: () => Promise<Jump>) => {
    const began = performance.now();
    const jump = await make();
    const seconds = (performance.now() - began) / 1000;
    // Where a step takes as many calls as there are events, the jump is what knows them.
    const calls = model.counts && { calls: jump.scoreCalls - 1 };
    await onFrame({ ...frameOf(jump, seconds), ...calls });
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
    tune: (onTrial) => {
      // Now, so that it can be ended while it waits for a round.
      tuning = new AbortController();
      const { signal } = tuning;
      return between(() => tuned(model, session.part.settings, onTrial, signal));
    },
    endTuning: () => tuning?.abort(),
    reset: () => between(async () => restart(session)),
    measurements: (index) => between(async () => measurementsOf(session, index)),
    close: async () => {
      pause();
      tuning?.abort();
      // What is under way still needs the model.
      await between(async () => undefined);
    },
  };
}

/** Fewest chains of a tuning. */
const TUNED_CHAINS = 8;

/** Finds the step and the friction of a walk; undefined where it was ended. */
async function tuned(
  model: Walkable,
  given: WalkSettings,
  onTrial: TrialListener,
  signal: AbortSignal,
): Promise<Tuning | undefined> {
  const settings = { ...given, chains: Math.max(TUNED_CHAINS, given.chains) };
  const { chains, kernel, measurements, seed, walk } = settings;
  if (walk === 'sequential') {
    throw new UserError('tuning is for joint and mean walks; choose one of these');
  }
  if (model.counts) throw new UserError('tuning is for models of Gaussian noise, not of counts');
  const at = steeredAt(model.at, steeringOf(model, settings));
  const { effectiveSigma } = memberOf(model, settings);
  const onProgress = ({ done, of }: { readonly done: number; readonly of: number }) =>
    onTrial(done, of);
  const options = { chains, kernel, measurements, seed, walk, signal, onProgress };
  try {
    const { stepSize, friction } = await tuneWalk(at(effectiveSigma), options);
    return { stepSize, friction };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Milliseconds from one report to the next: a page shows no more. */
const PAUSE = 100;

/** Passes on what is new after a pause, and every jump's beginning. */
function nowAndThen(onMeasured: MeasuringListener): MeasuringListener {
  let at = 0;
  let last = -1;
  return (progress) => {
    const now = performance.now();
    if (progress.measured === last || (progress.measured > last && now - at < PAUSE)) return;
    at = now;
    last = progress.measured;
    onMeasured(progress);
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
