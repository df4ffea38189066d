import { UserError } from '../errors.ts';
import { freeMemory, gigabytes } from '../free-memory.ts';

/** What a walk holds at once. */
export interface WalkSize {
  readonly chains: number;
  /** Measurements that walk: M, or 1 where their mean does. */
  readonly measurements: number;
  /** Numbers of one example. */
  readonly dimension: number;
  /** Draws that are kept to the end; default 0. */
  readonly draws?: number;
  /** Measurements of each kept draw that are kept too; default 0. */
  readonly keptMeasurements?: number;
}

/** Arrays of y's size in a kernel: position, velocity, score, noise and those before a test. */
const ARRAYS = 6;
/** Share of the free memory that a walk may take. */
const USABLE = 0.9;
const FLOAT = 4;

/** Estimates the bytes of a walk beside its model's: its state, and the draws that are kept. */
export function walkBytes(size: WalkSize): number {
  const { chains, measurements, dimension, draws = 0, keptMeasurements = 0 } = size;
  const state = ARRAYS * measurements;
  const kept = draws * (2 + keptMeasurements);
  return FLOAT * chains * dimension * (state + kept);
}

/**
 * Checks that a walk fits in memory.
 * @param available bytes free for it; not looked at where that is not known.
 * @throws UserError (`memory`) where it needs more, with what needs less.
 */
export function checkWalkMemory(size: WalkSize, available = freeMemory()): void {
  const needed = walkBytes(size);
  if (available === undefined || needed <= USABLE * available) return;
  const { chains, measurements, draws = 0, keptMeasurements = 0 } = size;
  const state = walkBytes({ ...size, draws: 0 });
  const what = state > needed / 2 ? `${measurements} measurements` : `${draws} draws`;
  const less =
    state > needed / 2
      ? measurements > 1
        ? 'walk their mean, or take fewer chains or measurements'
        : 'take fewer chains'
      : keptMeasurements > 0
        ? 'keep no measurements, or fewer draws'
        : 'keep fewer draws, or take fewer chains';
  throw new UserError(
    `a walk of ${chains} chains with ${what} needs about ${gigabytes(needed)}, ${gigabytes(available)} are free; ${less}`,
    { code: 'memory', facts: { needed, available, chains, measurements, draws } },
  );
}
