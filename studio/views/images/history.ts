/** What the wall has shown: the last jumps of every chain, and how fast they came. */
import type { WalkFrame } from '../../engine/protocol.ts';

export interface History {
  /** The oldest first; at most `KEPT`. */
  readonly frames: readonly WalkFrame[];
  /** Score calls of one chain since its start. */
  readonly scoreCalls: number;
  /** Steps a second, while it plays; undefined until two frames came. */
  readonly rate: number | undefined;
  /** When the latest frame came, in milliseconds; undefined after a rest. */
  readonly at: number | undefined;
}

/** Jumps that are kept of every chain. */
export const KEPT = 32;
/** Bytes of the jumps that are kept of all chains, in case they are large. */
const MOST_BYTES = 200e6;
/** Share of the latest frame in the rate that is shown. */
const FRESH = 0.2;

export const emptyHistory: History = {
  frames: [],
  scoreCalls: 0,
  rate: undefined,
  at: undefined,
};

/** Score calls of one chain: for a step, and for a jump beside those. */
export interface Calls {
  readonly step: number;
  readonly jump: number;
}

/**
 * Adds a frame that came at `now`, in milliseconds. A walk that began again has a history of its
 * own.
 */
export function addFrame(
  history: History,
  frame: WalkFrame,
  { calls, now }: { readonly calls: Calls; readonly now: number },
): History {
  const last = history.frames.at(-1);
  const goesOn = last && frame.step > last.step && frame.xhat.length === last.xhat.length;
  const { frames, scoreCalls, rate, at } = goesOn ? history : emptyHistory;
  const steps = frame.step - (goesOn ? last.step : 0);
  const kept = Math.max(2, Math.min(KEPT, Math.floor(MOST_BYTES / (8 * frame.xhat.length))));
  const measured = at === undefined || now <= at ? undefined : (1000 * steps) / (now - at);
  return {
    frames: [...frames.slice(1 - kept), frame],
    scoreCalls: scoreCalls + steps * calls.step + calls.jump,
    rate:
      rate === undefined || measured === undefined
        ? (measured ?? rate)
        : (1 - FRESH) * rate + FRESH * measured,
    at: now,
  };
}

/** After a pause: the time that passes counts for nothing. */
export const rested = (history: History): History => ({
  ...history,
  at: undefined,
  rate: undefined,
});
