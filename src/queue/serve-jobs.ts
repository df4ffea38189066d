/** Takes work from a queue. This process waits and renews locks; the work is done in others. */
import { cpus } from 'node:os';
import type { Job as QueuedJob, Worker } from 'bullmq';
import type { Work } from '../progress.ts';
import { packageVersion, versions } from '../run/versions.ts';
import {
  decodeJson,
  encodeJson,
  getObject,
  type Store,
  storeUnder,
  touchObject,
} from '../store/index.ts';
import { bullmqOf } from './bullmq.ts';
import { type QueueConnection, queueOf } from './connect.ts';
import {
  CANCELLED,
  encodeFailure,
  idOf,
  isFinal,
  type JobProgress,
  type JobResult,
  payloadSchema,
  resultKey,
  resultSchema,
} from './job.ts';
import { createPartWriter } from './parts.ts';

/** A job as it is handed to who does it. */
export interface Task {
  /** Names the job, and a folder for it. */
  readonly id: string;
  readonly kind: string;
  /** What it has in common with others, and of its own. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Ends it at once: another will do it. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
  /** Keeps a part of the result for who waits, in order: all of them are in the result as well. */
  readonly onPart?: ((part: Uint8Array) => void) | undefined;
  /** Prefix in the store of its files, if they have one. */
  readonly under?: string | undefined;
}

export interface JobServerOptions extends Work {
  readonly connection: QueueConnection;
  readonly store: Store;
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly work: (task: Task) => Promise<JobResult>;
  /** Seconds after which a job is another's whose worker has not been heard of. Default 30. */
  readonly lock?: number | undefined;
  /** Seconds that jobs in hand have to end in, once the signal says so. Default 20. */
  readonly drain?: number | undefined;
}

/** Times that a job's worker may die, before the job is taken to be what kills it. */
const DEATHS = 10;

/** Milliseconds between reports of a job, and before one of another version is looked at again. */
const [REPORT_EVERY, OTHERS_AFTER] = [1000, 5000] as const;

/**
 * Does jobs until the signal is aborted; those in hand are then ended or, where they take longer
 * than `drain`, given back.
 *
 * @returns how many were done.
 */
export async function serveJobs(options: JobServerOptions): Promise<number> {
  const { connection, signal, onNote, lock = 30, drain = 20 } = options;
  const bullmq = bullmqOf(connection);
  const over = new AbortController();
  const machine = describeMachine();
  let done = 0;
  const process = async (job: QueuedJob, token?: string) => {
    await doJob({ ...options, job, token, machine, ending: over.signal });
    done++;
  };
  const worker: Worker = new bullmq.Worker(await queueOf(options.store), process, {
    ...connection.options,
    concurrency: options.concurrency,
    lockDuration: lock * 1000,
    stalledInterval: (lock * 1000) / 2,
    maxStalledCount: DEATHS,
  });
  let told = false;
  worker.on('error', () => {
    if (!told) onNote?.(`queue ${connection.where} is away or lost a job; going on`);
    told = true;
  });
  await aborted(signal);
  const late = setTimeout(() => over.abort(), drain * 1000);
  await worker.close().catch(() => {});
  clearTimeout(late);
  return done;
}

interface Doing extends JobServerOptions {
  readonly job: QueuedJob;
  readonly token: string | undefined;
  readonly machine: Readonly<Record<string, string>>;
  readonly ending: AbortSignal;
}

async function doJob(doing: Doing): Promise<void> {
  const { connection, job, token, machine, ending } = doing;
  const bullmq = bullmqOf(connection);
  const payload = payloadSchema.safeParse(job.data).data;
  if (payload?.version !== packageVersion()) {
    await job.moveToDelayed(Date.now() + OTHERS_AFTER, token);
    throw new bullmq.DelayedError();
  }
  const { version: _, ...own } = payload;
  const id = idOf(own);
  const store = storeUnder(doing.store, own.under);
  const taken = new AbortController();
  const looking = setInterval(async () => {
    const isTaken = await connection.takeCancelled(id).catch(() => false);
    if (isTaken) taken.abort();
  }, REPORT_EVERY);
  let made: JobProgress = { done: 0, parts: 0 };
  const tell = (news: Partial<JobProgress>) => {
    made = { ...made, ...news };
    void job.updateProgress(made).catch(() => {});
  };
  const parts = createPartWriter(store, id, (count) => tell({ parts: count }));
  try {
    if (await findAgain(store, id)) return;
    const common = decodeJson(await getObject(store, own.common)) as object;
    const fields = { ...common, ...own.own };
    const onProgress = seldom((done) => tell({ done }));
    const signal = AbortSignal.any([ending, taken.signal]);
    const { kind, under } = own;
    const task = { id, kind, fields, signal, onProgress, onPart: parts.add, under };
    const result = await doing.work(task);
    await parts.end();
    // Where another has done the same meanwhile, its result stays.
    await store.create(resultKey(id), encodeJson({ ...result, machine }));
    await parts.clear();
  } catch (error) {
    await parts.end();
    if (taken.signal.aborted) {
      await parts.clear().catch(() => {});
      throw new bullmq.UnrecoverableError(CANCELLED);
    }
    if (ending.aborted) {
      await job.moveToWait(token);
      throw new bullmq.WaitingError();
    }
    const text = encodeFailure(error);
    throw isFinal(error) ? new bullmq.UnrecoverableError(text) : new Error(text);
  } finally {
    clearInterval(looking);
  }
}

/**
 * Looks for a result of the same job, and makes it new: who waits for it reads it after this.
 * Without its files it is none.
 */
async function findAgain(store: Store, id: string): Promise<boolean> {
  const key = resultKey(id);
  const bytes = await store.read(key);
  if (!bytes) return false;
  const { files } = resultSchema.parse(decodeJson(bytes));
  const touched = [store.touch(key), ...files.map(({ hash }) => touchObject(store, hash))];
  if ((await Promise.all(touched)).every(Boolean)) return true;
  await store.remove(key);
  return false;
}

/** Tells at most once a second. */
function seldom(tell: (value: number) => void) {
  let last = performance.now();
  return (value: number) => {
    if (performance.now() - last < REPORT_EVERY) return;
    last = performance.now();
    tell(value);
  };
}

/** What decides bits: kernels are chosen by the processor and the engine. */
function describeMachine(): Record<string, string> {
  return { processor: cpus()[0]?.model.trim() ?? 'unknown', threads: '1', ...versions() };
}

const aborted = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
