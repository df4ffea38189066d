/** Runs a walk beside an animation: steps between frames, as many a second as are asked for. */
import type { Denoiser } from '../../../src/density/denoiser.ts';
import type { Density } from '../../../src/density/density.ts';
import { DivergedError, type Divergence, UserError } from '../../../src/errors.ts';
import { fadeOf } from './paint-walk.ts';
import { type RecordOptions, type WalkRecord, walkRecord } from './record.ts';
import { startWalking, type Walking, type WalkSettings } from './walking.ts';

/** Milliseconds of a frame that steps may take. */
const BUDGET = 9;
/** Milliseconds between two readings. */
const READING = 120;

/** Numbers that the page shows, read a few times a second. */
export interface Reading {
  readonly step: number;
  /** Steps a second that were made lately; undefined while it rests. */
  readonly rate: number | undefined;
  /** Draws of each chain after the burn-in. */
  readonly drawn: number;
  readonly acceptance: number | undefined;
  /** ȳ and x̂ of every chain, `[chains, 2]`. */
  readonly ybar: Float32Array | undefined;
  readonly xhat: Float32Array | undefined;
}

const nothing: Reading = {
  step: 0,
  rate: undefined,
  drawn: 0,
  acceptance: undefined,
  ybar: undefined,
  xhat: undefined,
};

/** Why a walk ended by itself. */
export interface Failure {
  /** One line. */
  readonly text: string;
  /** Where numbers left all bounds, if it was that. */
  readonly at: Divergence | undefined;
}

export interface Player {
  playing: boolean;
  /** Why the walk ended. */
  readonly failure: Failure | undefined;
  readonly reading: Reading;
  /** For the picture, not reactive: read them in a frame. */
  readonly walking: Walking | undefined;
  readonly record: WalkRecord | undefined;
  /** The picture's time in milliseconds: it rests while the walk does. */
  readonly clock: number;
  /** Steps a second that it is shown at. */
  readonly speed: number;
  /** Begins at step 0. */
  restart(
    source: Density | Denoiser | undefined,
    settings: WalkSettings,
    record: RecordOptions,
  ): void;
  /**
   * Begins at step 0 unless the walk of the same key is under way: another view may have been
   * shown.
   */
  follow(key: string, begin: () => void): void;
  /** Makes some steps at once, as a button does. */
  advance(steps: number): Promise<void>;
  /** One frame of the animation at the time `now` in milliseconds, with `speed` steps a second. */
  frame(now: number, speed: number): void;
}

export function walkPlayer(): Player {
  let playing = $state(false);
  let failure = $state.raw<Failure>();
  let followed: string | undefined;
  let shownSpeed = 1;
  let reading = $state.raw(nothing);
  let walking: Walking | undefined;
  let record: WalkRecord | undefined;
  let clock = 0;
  let last = 0;
  let due = 0;
  let busy = false;
  let readAt = 0;
  let readStep = 0;

  function read(now: number): void {
    const latest = walking?.latest;
    const step = latest?.step ?? 0;
    const rate = playing ? (1000 * (step - readStep)) / (now - readAt) : undefined;
    [readAt, readStep] = [now, step];
    reading = {
      step,
      rate,
      drawn: record?.drawn ?? 0,
      acceptance: record?.acceptance,
      ybar: latest?.ybar,
      xhat: latest?.xhat,
    };
  }
  function fail(error: unknown): void {
    // A defect is not the reader's to mend: it must reach the console.
    if (!(error instanceof UserError)) throw error;
    failure = { text: error.message, at: error instanceof DivergedError ? error.facts : undefined };
    playing = false;
  }
  async function advance(steps: number, goesOn: () => boolean): Promise<void> {
    const mine = walking;
    if (!mine || !record || busy || failure !== undefined) return;
    busy = true;
    try {
      for (let k = 0; k < steps; k++) {
        const jump = await mine.step();
        if (mine !== walking) return;
        record.add(jump, clock);
        if (!goesOn()) break;
      }
    } catch (error) {
      if (mine === walking) fail(error);
    } finally {
      if (mine === walking) busy = false;
    }
  }
  /** Steps of one frame. What was in hand when it was paused is shown, as it is in the record. */
  async function advanceFrame(steps: number): Promise<void> {
    const until = performance.now() + BUDGET;
    await advance(steps, () => playing && performance.now() <= until);
    if (!playing) read(performance.now());
  }

  return {
    get playing() {
      return playing;
    },
    set playing(on) {
      playing = on && failure === undefined;
      due = 0;
      // Steps that are in hand are shown when they are made.
      if (!playing && !busy) read(performance.now());
    },
    get failure() {
      return failure;
    },
    get reading() {
      return reading;
    },
    get walking() {
      return walking;
    },
    get record() {
      return record;
    },
    get clock() {
      return clock;
    },
    restart(source, settings, options) {
      [busy, due, clock, failure] = [false, 0, 0, undefined];
      record = source && walkRecord(options);
      walking = undefined;
      try {
        walking = source && startWalking(source, settings);
      } catch (error) {
        fail(error);
      }
      read(performance.now());
    },
    get speed() {
      return shownSpeed;
    },
    follow(key, begin) {
      if (key === followed && walking) return;
      followed = key;
      begin();
    },
    async advance(steps) {
      await advance(steps, () => true);
      read(performance.now());
    },
    frame(now, speed) {
      // A page that was hidden does not catch up.
      const passed = Math.min(100, Math.max(0, now - last));
      last = now;
      shownSpeed = speed;
      if (playing) {
        clock += passed;
        due = Math.min(due + (speed * passed) / 1000, speed / 10 + 1);
        const steps = Math.floor(due);
        if (steps > 0 && !busy) {
          due -= steps;
          void advanceFrame(steps);
        }
        record?.fade(clock - fadeOf(speed));
      }
      if (playing && now - readAt > READING) read(now);
    },
  };
}
