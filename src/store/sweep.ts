/**
 * Lets go of what is old in a store. Age alone decides: what somebody needs is kept young
 * (`keepYoung`), and what is put again is new again. Runs of workers that train together lie under
 * `runs/` and look after themselves.
 */
import { randomUUID } from 'node:crypto';
import type { Store } from './store.ts';

/** Milliseconds between two touches of what a process needs: several in the shortest keeping. */
const TOUCH_EVERY = 900_000;

/** Milliseconds for which objects outlive results of their age, which name them. */
const MARGIN = 3_600_000;

export interface Sweep {
  /** Milliseconds for which results are kept. */
  readonly keep: number;
  /** Default: an hour. */
  readonly margin?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Removes what is older than that; gives how much it was. */
export async function sweepStore(
  store: Store,
  { keep, margin = MARGIN, signal }: Sweep,
): Promise<{ readonly results: number; readonly objects: number }> {
  const now = await clockOf(store);
  const removed = { results: 0, objects: 0 };
  // Results first: none is left whose files are gone.
  for (const folder of ['results', 'parts', 'objects'] as const) {
    const limit = now - keep - (folder === 'objects' ? margin : 0);
    for await (const { key, modified } of store.list(folder)) {
      if (signal?.aborted) return removed;
      if (modified.getTime() >= limit) continue;
      // It may have been touched since it was listed.
      const latest = await store.modified(key);
      if (!latest || latest.getTime() >= limit) continue;
      await store.remove(key);
      removed[folder === 'objects' ? 'objects' : 'results'] += 1;
    }
  }
  return removed;
}

/** Tells the time as the store has it: that of this machine may be another. */
async function clockOf(store: Store): Promise<number> {
  const key = `clock/${randomUUID()}`;
  await store.create(key, new Uint8Array());
  const modified = await store.modified(key);
  await store.remove(key);
  return Math.min(Date.now() + MARGIN, modified?.getTime() ?? 0);
}

/** A store, and who keeps young in it what was put there. */
export interface YoungStore {
  readonly store: Store;
  stop(): void;
}

/**
 * Keeps what this process puts into a store from being let go of, for as long as it runs.
 *
 * @param onLost told once where something was removed nevertheless.
 */
export function keepYoung(
  store: Store,
  onLost: () => void,
  touchEvery: number = TOUCH_EVERY,
): YoungStore {
  const needed = new Set<string>();
  const need = (key: string) => {
    if (key.startsWith('objects/')) needed.add(key);
  };
  let isTold = false;
  const touchAll = async () => {
    for (const key of needed) {
      // A store that is away keeps what it has: the next time is soon enough.
      const isThere = await store.touch(key).catch(() => true);
      if (isThere || !needed.delete(key) || isTold) continue;
      isTold = true;
      onLost();
    }
  };
  const timer = setInterval(() => void touchAll(), touchEvery);
  timer.unref();
  return {
    store: {
      ...store,
      create: async (key, bytes) => {
        const isNew = await store.create(key, bytes);
        need(key);
        return isNew;
      },
      remove: async (key) => {
        needed.delete(key);
        await store.remove(key);
      },
    },
    stop: () => clearInterval(timer),
  };
}
