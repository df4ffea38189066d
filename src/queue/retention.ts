/** Lets go of what is finished: in the store, and what the queue kept of what failed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sweepStore } from '../store/index.ts';
import { bullmqOf } from './bullmq.ts';
import { queueOf } from './connect.ts';
import type { JobServerOptions } from './serve-jobs.ts';

/** Milliseconds between sweeps of all workers together, and jobs that are let go of at once. */
const [SWEEP_EVERY, JOBS] = [3_600_000, 1000] as const;

export interface RetentionOptions
  extends Pick<JobServerOptions, 'connection' | 'store' | 'signal' | 'onNote'> {
  /** Hours for which results are kept. */
  readonly hours: number;
}

/**
 * Sweeps the store and the queue now and every hour, until the signal is aborted. Of the workers at
 * a queue one does it each time.
 */
export async function keepResults(options: RetentionOptions): Promise<void> {
  const { connection, store, signal, onNote } = options;
  const name = await queueOf(store);
  while (!signal?.aborted) {
    const isMine = await connection.claim(`sweep:${name}`, SWEEP_EVERY / 1000).catch(() => false);
    if (isMine) {
      await sweepOnce(options).catch((error: unknown) => {
        onNote?.(`results that are old are still there: ${(error as Error).message}`);
      });
    }
    await sleep(SWEEP_EVERY, undefined, { ref: false, ...(signal && { signal }) }).catch(() => {});
  }
}

/** Lets go of what is older than that once. */
export async function sweepOnce(options: RetentionOptions): Promise<void> {
  const { connection, store, hours, signal, onNote } = options;
  const keep = hours * 3_600_000;
  const { Queue } = bullmqOf(connection);
  const queue = new Queue(await queueOf(store), connection.options);
  queue.on('error', () => {});
  try {
    for (const state of ['completed', 'failed'] as const) {
      while ((await queue.clean(keep, JOBS, state)).length === JOBS);
    }
  } finally {
    await queue.close();
  }
  const { results, objects } = await sweepStore(store, { keep, signal });
  if (results + objects > 0) {
    onNote?.(`removed ${results} results and ${objects} objects older than ${hours} hours`);
  }
}
