/** Runs a walk beside an animation: as many steps a second as are asked for, made in the worker. */
import type { Divergence } from '../../../src/errors.ts';
import { planeWalker } from '../../engine/plane.ts';
import type { PlaneSteps, PlaneWalk } from '../../engine/protocol.ts';
import { fadeOf } from './paint-walk.ts';
import { type RecordOptions, type Step, type WalkRecord, walkRecord } from './record.ts';
import { stepsOf } from './steps.ts';

/** Milliseconds that the steps of a frame may take: the next frame finds them there. */
const BUDGET = 11;
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
  readonly at?: Divergence;
}

/** Measurements of a chain, `[M, 2]`. */
interface Look {
  readonly chain: number;
  readonly y: Float32Array;
}

export interface Player {
  playing: boolean;
  /** Why the walk ended. */
  readonly failure: Failure | undefined;
  readonly reading: Reading;
  /** For the picture, not reactive: read them in a frame. */
  readonly latest: Step | undefined;
  readonly record: WalkRecord | undefined;
  /** Measurements that are looked at; absent until they have come. */
  readonly look: Look | undefined;
  /** The picture's time in milliseconds: it rests while the walk does. */
  readonly clock: number;
  /** Steps a second that it is shown at. */
  readonly speed: number;
  /** Begins at step 0; without a walk it only forgets the one before. */
  restart(walk: PlaneWalk | undefined, record: RecordOptions): void;
  /**
   * Begins at step 0 unless the walk of the same key is under way: another view may have been
   * shown.
   */
  follow(key: string, begin: () => void): void;
  /** Makes one jump and the steps before it, as a button does. */
  advance(): Promise<void>;
  /** Looks at the measurements of a chain from now on, or of none; comes back when they are there. */
  lookAt(chain: number | undefined): Promise<void>;
  /** One frame of the animation at the time `now` in milliseconds, with `speed` steps a second. */
  frame(now: number, speed: number): void;
}

export function walkPlayer(): Player {
  const walker = planeWalker();
  let playing = $state(false);
  let failure = $state.raw<Failure>();
  let followed: string | undefined;
  let shownSpeed = 1;
  let reading = $state.raw(nothing);
  /** The walk under way; answers to another one come too late. */
  let walking: { readonly walk: PlaneWalk } | undefined;
  let record: WalkRecord | undefined;
  let latest: Step | undefined;
  let looked: number | undefined;
  let look: Look | undefined;
  let [clock, last, due, readAt, readStep] = [0, 0, 0, 0, 0];
  let busy = false;

  function read(now: number): void {
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
    if (!(error instanceof Error) || error.name !== 'UserError') throw error;
    end({ text: error.message });
  }
  function end(why: Failure): void {
    failure = why;
    playing = false;
    read(performance.now());
  }
  function take(made: PlaneSteps, chain: number | undefined): void {
    for (const step of stepsOf(made)) {
      latest = step;
      record?.add(step, clock);
    }
    if (chain !== undefined && made.y) look = { chain, y: made.y };
    if (made.failure) end(made.failure);
  }
  /** Asks the worker for something of the walk under way; what comes too late is nobody's. */
  async function ask<T>(call: () => Promise<T>, answer: (found: T) => void): Promise<void> {
    const mine = walking;
    if (!mine) return;
    try {
      const found = await call();
      if (mine === walking) answer(found);
    } catch (error) {
      if (mine === walking) fail(error);
    }
  }
  async function advance(jumps: number): Promise<void> {
    const mine = walking;
    if (!mine || busy || failure !== undefined) return;
    busy = true;
    const wish = { jumps, milliseconds: BUDGET, look: looked };
    await ask(
      () => walker.advance(wish),
      (made) => take(made, wish.look),
    );
    if (mine === walking) busy = false;
    // What was in hand when it was paused is shown, as it is in the record.
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
    get latest() {
      return latest;
    },
    get record() {
      return record;
    },
    get look() {
      return look;
    },
    get clock() {
      return clock;
    },
    get speed() {
      return shownSpeed;
    },
    restart(walk, options) {
      [busy, due, clock, failure, latest, look] = [false, 0, 0, undefined, undefined, undefined];
      record = walk && walkRecord(options);
      walking = walk && { walk };
      if (walk) {
        void ask(
          () => walker.begin(walk),
          () => {},
        );
      }
      read(performance.now());
    },
    follow(key, begin) {
      if (key === followed && walking) return;
      followed = key;
      begin();
    },
    advance: () => advance(1),
    async lookAt(chain) {
      if (chain === looked) return;
      looked = chain;
      if (chain === undefined) return;
      await ask(
        () => walker.measurements(chain),
        (y) => {
          if (chain === looked) look = { chain, y };
        },
      );
    },
    frame(now, speed) {
      // A page that was hidden does not catch up.
      const passed = Math.min(100, Math.max(0, now - last));
      last = now;
      shownSpeed = speed;
      if (playing) {
        clock += passed;
        const every = walking?.walk.settings.jumpEvery ?? 1;
        due = Math.min(due + (speed * passed) / 1000, speed / 10 + every);
        const jumps = Math.floor(due / every);
        if (jumps > 0 && !busy) {
          due -= jumps * every;
          void advance(jumps);
        }
        record?.fade(clock - fadeOf(speed));
      }
      if (playing && now - readAt > READING) read(now);
    },
  };
}
