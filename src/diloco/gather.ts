/** Waits for the workers of a round. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, KeptResult, Submitter } from '../queue/index.ts';

/** A worker that came, and what it made. */
export interface Came {
  readonly worker: number;
  readonly result: KeptResult;
}

export interface GatherOptions {
  readonly submitter: Submitter;
  /** Seconds after which those that came are enough, one at least; 0: all are waited for. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Told the mean steps of all workers. */
  readonly onStep: (mean: number) => void;
}

/**
 * Has the jobs of a round done. It is over when all have come, or at the deadline; what comes later
 * is dropped.
 *
 * @returns those that came, in the order of the workers.
 * @throws the first failure of a worker that comes before that; the signal's reason.
 */
export async function gather(
  jobs: readonly Job[],
  { submitter, deadline, signal, onStep }: GatherOptions,
): Promise<Came[]> {
  signal?.throwIfAborted();
  const came = new Map<number, KeptResult>();
  const done = jobs.map(() => 0);
  const runs = jobs.map(async (job, worker) => {
    const result = await submitter.run(job, (steps) => {
      done[worker] = steps;
      onStep(done.reduce((sum, own) => sum + own, 0) / done.length);
    });
    came.set(worker, result);
  });
  const over = new AbortController();
  const ends = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const late = async () => {
    await sleep(deadline * 1000, undefined, { signal: ends });
    if (came.size === 0) await Promise.any(runs);
  };
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const all = Promise.all(runs);
  const waits: Promise<unknown>[] = [all, aborted, ...(deadline > 0 ? [late()] : [])];
  for (const wait of waits) wait.catch(() => {});
  try {
    await Promise.race(waits);
  } finally {
    over.abort();
  }
  const found = [...came].map(([worker, result]) => ({ worker, result }));
  await Promise.all(jobs.map((job, i) => (came.has(i) ? undefined : submitter.forget(job))));
  return found.sort((a, b) => a.worker - b.worker);
}
