/**
 * Work that processes share in one folder: each takes what no other has claimed, by a lock in
 * `claims/`.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { makeFolder, writeError } from '../files.ts';
import type { Work } from '../progress.ts';
import { takeLock, type Unlock } from '../run/run-lock.ts';

/** Milliseconds between two looks at what others have claimed. */
const LOOK_EVERY = 250;

export interface ShareOptions extends Pick<Work, 'signal' | 'onNote'> {
  readonly folder: string;
  /** Pieces of work at a time: what waits for one is left to others. */
  readonly workers: number;
}

/** A piece of work that any of the processes may do. */
export interface Shared<T> {
  /** Name of its claim. */
  readonly claim: string;
  /** What another has made of it by now, if anything. */
  readonly found?: () => Promise<T | undefined>;
  readonly make: () => Promise<T>;
}

/** Does a piece of work, or waits until another process has. */
export type Share = <T>(work: Shared<T>) => Promise<T>;

/** Opens a folder of claims. Claims of processes that died are taken over. */
export async function openShare({ folder, workers, signal, onNote }: ShareOptions): Promise<Share> {
  const claims = join(folder, 'claims');
  await makeFolder(claims).catch((error: unknown) => {
    throw writeError(error, claims);
  });
  const inSlot = slots(workers);
  const told = new Set<string>();
  const wait = async (owner: UserError) => {
    const whose = JSON.stringify([owner.facts.host, owner.facts.pid]);
    if (!told.has(whose)) onNote?.(owner.message);
    told.add(whose);
    await sleep(LOOK_EVERY);
  };
  return async <T>(work: Shared<T>): Promise<T> => {
    for (;;) {
      const done = await inSlot(async () => {
        signal?.throwIfAborted();
        return attempt(join(claims, `${work.claim}.lock`), work, signal);
      });
      if ('value' in done) return done.value;
      await wait(done.owner);
    }
  };
}

/** What was made or found; or who is at it. */
async function attempt<T>(
  path: string,
  { found, make }: Shared<T>,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: T } | { readonly owner: UserError }> {
  const lock = await takeLock(path).catch(busy);
  const unlock = lock instanceof UserError ? undefined : lock;
  const value = await found?.().catch(given(unlock));
  if (value !== undefined) {
    await unlock?.();
    return { value };
  }
  if (lock instanceof UserError) return { owner: lock };
  try {
    signal?.throwIfAborted();
    return { value: await make() };
  } catch (error) {
    // The process whose claim this was may have left one behind that has yet to end.
    return { owner: busy(error) };
  } finally {
    await lock();
  }
}

/** The error that says who is at it. @throws any other. */
function busy(error: unknown): UserError {
  if (error instanceof UserError && error.code === 'busy') return error;
  throw error;
}

/** Gives a lock back where work fails. */
const given = (unlock: Unlock | undefined) => async (error: unknown) => {
  await unlock?.();
  throw error;
};

/** Lets so many pieces of work be in hand at a time, in the order they came. */
function slots(count: number) {
  let free = count;
  let first = 0;
  const waiting: ((() => void) | undefined)[] = [];
  const leave = () => {
    const next = waiting[first];
    if (!next) {
      free++;
      return;
    }
    // Not shifted: that moves all that wait, and there may be a million.
    waiting[first++] = undefined;
    next();
  };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((turn) => waiting.push(turn));
    return work().finally(leave);
  };
}

/** Gives the row of a cell, made here or by another process. */
export async function shareRow<R extends { readonly id: string }>(
  share: Share,
  store: {
    find(id: string): R | undefined;
    add(row: R): Promise<void>;
    refresh(): Promise<void>;
  },
  id: string,
  make: () => Promise<R>,
  claim = id,
): Promise<void> {
  const found = () => store.refresh().then(() => store.find(id));
  await share({ claim, found, make: () => make().then((row) => store.add(row).then(() => row)) });
}
