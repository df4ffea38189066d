/** Sends work to a queue and waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { Work } from '../progress.ts';
import { packageVersion } from '../run/versions.ts';
import { decodeJson, type Store, storeUnder } from '../store/index.ts';
import { bullmqOf } from './bullmq.ts';
import { type QueueConnection, queueOf } from './connect.ts';
import {
  CANCELLED,
  decodeFailure,
  idOf,
  type Job,
  type KeptResult,
  progressSchema,
  resultKey,
  resultSchema,
} from './job.ts';

/** Told how far a job is, see `JobProgress`. */
export type OnProgress = (done: number, parts: number) => void;

/** Sends jobs of one process. */
export interface Submitter {
  /**
   * Has a job done, by whichever worker. A result that the store has already is taken.
   * @param onProgress told 0 when a worker begins; and how many parts of the result there are in
   *   the store, which `createPartReader` reads.
   * @param signal stops the waiting; a job that nobody waits for here is ended.
   * @throws UserError as the work itself does, and where every try failed; the signal's reason, and
   *   what `onProgress` throws.
   */
  run(job: Job, onProgress?: OnProgress, signal?: AbortSignal): Promise<KeptResult>;
  /** Takes a job back that is not needed any more; one in hand is left to end. */
  forget(job: Job): Promise<void>;
  /** Does what the store is needed for, again while it is away. @throws the signal's reason. */
  patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Counts the workers at the queue. */
  workers(): Promise<number>;
  /** Stops waiting. Jobs that no worker has begun are taken back. */
  close(): Promise<void>;
}

export interface SubmitterOptions extends Pick<Work, 'onNote'> {
  readonly connection: QueueConnection;
  readonly store: Store;
  /** Of two jobs that wait, that of the smaller number is done first. Default 100. */
  readonly priority?: number | undefined;
  /** Milliseconds between looks for jobs that a queue has lost. Default 10,000. */
  readonly lookEvery?: number;
}

/** Tries of a job whose workers fail or die, and milliseconds before the second. */
const [TRIES, BACKOFF] = [10, 500] as const;

/** Seconds that a job which failed in every try is kept for people to look at. */
const FAILED_KEPT = 24 * 3600;

/** Who waits for a job. */
interface Listener {
  readonly settle: (found: Promise<KeptResult>) => void;
  readonly onProgress: OnProgress | undefined;
}

interface Waiting {
  readonly job: Job;
  readonly listeners: Set<Listener>;
  heard: number;
}

/** Opens a queue to send jobs to. */
export async function openSubmitter(options: SubmitterOptions): Promise<Submitter> {
  const { connection, store, onNote, priority = 100, lookEvery = 10_000 } = options;
  const bullmq = bullmqOf(connection);
  const name = await queueOf(store);
  const queue = new bullmq.Queue(name, connection.options);
  const events = new bullmq.QueueEvents(name, connection.options);
  const waiting = new Map<string, Waiting>();
  /** Jobs that are being taken back. */
  const ending = new Set<Promise<void>>();
  const tell = onceEach(onNote);
  const onError = () => tell(`queue ${connection.where} is away; waiting for it`);
  queue.on('error', onError);
  events.on('error', onError);

  const settle = (id: string, found: (one: Waiting) => Promise<KeptResult>) => {
    const one = waiting.get(id);
    if (!one) return;
    waiting.delete(id);
    const result = found(one);
    for (const listener of one.listeners) listener.settle(result);
  };
  const finish = (id: string) =>
    settle(id, ({ job }) => patiently(() => readResult(store, job), tell));
  const fail = (id: string, reason: string) => {
    // Another who waited for it took it back: here it is still wanted.
    const wanted = reason === CANCELLED ? waiting.get(id) : undefined;
    if (wanted) {
      void queue
        .remove(id)
        .then(() => send(id, wanted))
        .catch(() => {});
      return;
    }
    settle(id, async () => {
      await queue.remove(id).catch(() => {});
      throw decodeFailure(reason);
    });
  };
  const hear = (id: string, data: unknown) => {
    const one = waiting.get(id);
    if (!one) return;
    one.heard = Date.now();
    const progress = progressSchema.safeParse(data).data;
    if (!progress) return;
    for (const listener of [...one.listeners]) {
      try {
        listener.onProgress?.(progress.done, progress.parts);
      } catch (error) {
        listener.settle(Promise.reject(error));
        leave(id, one, listener);
      }
    }
  };
  events.on('completed', ({ jobId }) => finish(jobId));
  events.on('failed', ({ jobId, failedReason }) => fail(jobId, failedReason));
  events.on('active', ({ jobId }) => hear(jobId, { done: 0, parts: 0 }));
  events.on('progress', ({ jobId, data }) => hear(jobId, data));
  await events.waitUntilReady();

  const send = async (id: string, one: Waiting) => {
    // What was forgotten meanwhile is nobody's.
    if (waiting.get(id) !== one) return;
    const { job } = one;
    const data = { version: packageVersion(), ...job };
    await queue.add(job.kind, data, {
      jobId: id,
      attempts: TRIES,
      backoff: { type: 'exponential', delay: BACKOFF, jitter: 0.5 },
      priority,
      removeOnComplete: true,
      removeOnFail: { age: FAILED_KEPT },
    });
    if (waiting.get(id) !== one) await queue.remove(id);
  };
  /** Takes a job back that nobody waits for; one in hand is ended where it is done. */
  const end = async (id: string) => {
    if ((await queue.remove(id)) === 0) await connection.cancel(id);
  };
  /** Lets one wait no longer; a job without others who do is taken back. */
  const leave = (id: string, one: Waiting, listener: Listener) => {
    if (!one.listeners.delete(listener) || waiting.get(id) !== one) return;
    if (one.listeners.size > 0) return;
    waiting.delete(id);
    const ended = end(id)
      .catch(() => {})
      .finally(() => ending.delete(ended));
    ending.add(ended);
  };
  /** The store is what is true: a queue may have lost jobs, and events. */
  const look = async () => {
    if (waiting.size > 0 && (await queue.getWorkersCount()) === 0) {
      tell('no worker has come yet; start mdensity worker with this --queue and --store');
    }
    for (const [id, one] of [...waiting]) {
      if (Date.now() - one.heard < lookEvery) continue;
      const state = await queue.getJobState(id);
      if (state === 'failed') {
        // One without a reason was sent again since.
        const reason = (await queue.getJob(id))?.failedReason;
        if (reason) fail(id, reason);
      } else if (state === 'unknown' || state === 'completed') {
        if (await keptOf(store, one.job)) finish(id);
        else await send(id, one);
      }
      one.heard = Date.now();
    }
  };
  const closed = new AbortController();
  const watching = repeat(look, lookEvery, closed.signal);

  return {
    run: async (job, onProgress, signal) => {
      const id = idOf(job);
      const kept = await patiently(() => keptOf(store, job), tell, signal);
      if (kept) return parseResult(kept);
      signal?.throwIfAborted();
      const before = waiting.get(id);
      const one = before ?? { job, listeners: new Set<Listener>(), heard: Date.now() };
      waiting.set(id, one);
      const result = new Promise<KeptResult>((resolve, reject) => {
        const listener: Listener = { settle: resolve, onProgress };
        one.listeners.add(listener);
        signal?.addEventListener('abort', () => {
          reject(signal.reason);
          leave(id, one, listener);
        });
      });
      // It may fail before it is handed on.
      result.catch(() => {});
      if (!before) {
        if ((await queue.getJobState(id)) === 'failed') await queue.remove(id);
        await send(id, one);
      }
      return result;
    },
    forget: async (job) => {
      const id = idOf(job);
      waiting.delete(id);
      await queue.remove(id).catch(() => {});
    },
    patiently: (work, signal) => patiently(work, tell, signal),
    workers: () => queue.getWorkersCount(),
    close: async () => {
      closed.abort();
      const left = [...waiting.keys()];
      waiting.clear();
      await watching;
      // A job in hand is locked and stays: its result is found the next time.
      await Promise.allSettled([...left.map((id) => queue.remove(id)), ...ending]);
      await Promise.allSettled([events.close(), queue.close()]);
    },
  };
}

const parseResult = (bytes: Uint8Array): KeptResult => resultSchema.parse(decodeJson(bytes));

const keptOf = (store: Store, job: Job) => storeUnder(store, job.under).read(resultKey(idOf(job)));

async function readResult(store: Store, job: Job): Promise<KeptResult> {
  const bytes = await keptOf(store, job);
  if (bytes) return parseResult(bytes);
  throw new UserError(
    `store ${store.name}: has no result of a finished job; give workers the same --store as here`,
    { code: 'mismatch', facts: { option: 'store', value: store.name } },
  );
}

/**
 * Tries again for as long as the store is away or full: what is finished is not given up.
 * @throws the signal's reason.
 */
async function patiently<T>(
  work: () => Promise<T>,
  tell: (note: string) => void,
  signal?: AbortSignal,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof UserError && ['network', 'disk'].includes(error.code);
      if (!passes) throw error;
      tell(`${error.message}; waiting for it`);
      await sleep(1000);
    }
  }
}

/** Says a sentence the first time alone. */
function onceEach(onNote: ((note: string) => void) | undefined) {
  const told = new Set<string>();
  return (note: string) => {
    if (!told.has(note)) onNote?.(note);
    told.add(note);
  };
}

/** Does something again and again until it is aborted; what fails is tried the next time. */
async function repeat(work: () => Promise<void>, every: number, signal: AbortSignal) {
  while (!signal.aborted) {
    await sleep(every, undefined, { signal, ref: false }).catch(() => {});
    if (!signal.aborted) await work().catch(() => {});
  }
}
