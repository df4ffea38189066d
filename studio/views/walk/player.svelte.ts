/** Runs a walk beside an animation: steps between frames, as many a second as are asked for. */
import type { Density } from '../../../src/density/density.ts';
import { UserError } from '../../../src/errors.ts';
import { type RecordOptions, type WalkRecord, walkRecord } from './record.ts';
import { startWalking, type Walking, type WalkSettings } from './walking.ts';

/** Milliseconds of a frame that steps may take. */
const BUDGET = 9;
/** Milliseconds for which a jump is seen. */
export const FADE = 1100;
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
  ...{ step: 0, drawn: 0, rate: undefined, acceptance: undefined },
  ...{ ybar: undefined, xhat: undefined },
};

export interface Player {
  playing: boolean;
  /** Why the walk ended, in one line. */
  readonly failure: string | undefined;
  readonly reading: Reading;
  /** For the picture, not reactive: read them in a frame. */
  readonly walking: Walking | undefined;
  readonly record: WalkRecord | undefined;
  /** The picture's time in milliseconds: it rests while the walk does. */
  readonly clock: number;
  /** Begins at step 0. */
  restart(density: Density | undefined, settings: WalkSettings, record: RecordOptions): void;
  /** Makes some steps at once, as a button does. */
  advance(steps: number): Promise<void>;
  /** One frame of the animation at the time `now` in milliseconds, with `speed` steps a second. */
  frame(now: number, speed: number): void;
}

export function walkPlayer(): Player {
  let playing = $state(false);
  let failure = $state<string>();
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
      ...{ step, rate, drawn: record?.drawn ?? 0, acceptance: record?.acceptance },
      ...{ ybar: latest?.ybar, xhat: latest?.xhat },
    };
  }
  function fail(error: unknown): void {
    // A defect is not the reader's to mend: it must reach the console.
    if (!(error instanceof UserError)) throw error;
    failure = error.message;
    playing = false;
  }
  async function advance(steps: number, budget = Number.POSITIVE_INFINITY): Promise<void> {
    const mine = walking;
    if (!mine || !record || busy || failure !== undefined) return;
    busy = true;
    const until = performance.now() + budget;
    try {
      for (let k = 0; k < steps; k++) {
        const jump = await mine.step();
        if (mine !== walking) return;
        record.add(jump, clock);
        if (performance.now() > until) break;
      }
    } catch (error) {
      if (mine === walking) fail(error);
    } finally {
      if (mine === walking) busy = false;
    }
  }

  return {
    get playing() {
      return playing;
    },
    set playing(on) {
      playing = on && failure === undefined;
      due = 0;
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
    restart(density, settings, options) {
      [busy, due, clock, failure] = [false, 0, 0, undefined];
      record = density && walkRecord(options);
      walking = density && startWalking(density, settings);
      read(performance.now());
    },
    async advance(steps) {
      await advance(steps);
      read(performance.now());
    },
    frame(now, speed) {
      // A page that was hidden does not catch up.
      const passed = Math.min(100, Math.max(0, now - last));
      last = now;
      if (playing) {
        clock += passed;
        due = Math.min(due + (speed * passed) / 1000, speed / 10 + 1);
        const steps = Math.floor(due);
        if (steps > 0 && !busy) {
          due -= steps;
          void advance(steps, BUDGET);
        }
        record?.fade(clock - FADE);
      }
      if (now - readAt > READING && (playing || reading.rate !== undefined)) read(now);
    },
  };
}
