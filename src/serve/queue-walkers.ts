/** Walks that workers at a queue do: each is the command `sample`, its samples an array. */
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeNpy } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { commandFiles, commandJob } from '../experiment/index.ts';
import {
  createPartReader,
  idOf,
  type Job,
  type KeptResult,
  type PartReader,
  type QueueConnection,
  type Submitter,
} from '../queue/index.ts';
import { drawOf } from '../sample/index.ts';
import { type FileReference, getObject, putFile, type Store } from '../store/index.ts';
import { type ModelFile, sentError, type WalkTask } from './child/protocol.ts';
import { argumentsOf } from './request.ts';
import type { OnRuns, TaskEvents, Walkers } from './walkers.ts';

/** A queue, and the store that its workers share. */
export interface ServedQueue {
  readonly connection: QueueConnection;
  readonly submitter: Submitter;
  readonly store: Store;
}

export interface QueueWalkersOptions extends ServedQueue {
  readonly onRuns: OnRuns;
}

/** What the samples are called where a worker writes them. */
const RESULT = `${commandFiles.result}.npy`;

/** Milliseconds between two looks at the queue and the store. */
const LOOK_EVERY = 1000;

/** Sends tasks to a queue. What a worker finished of the same request before is taken. */
export function openQueueWalkers(options: QueueWalkersOptions): Walkers {
  const { submitter, store, onRuns } = options;
  const inHand = new Set<AbortController>();
  const health = watchHealth(options);
  const modelOf = keepModels(store);
  let walking = 0;

  async function walk(task: WalkTask, events: TaskEvents, signal: AbortSignal): Promise<void> {
    const { model, rows, walk } = task;
    const steps = walk.steps + (walk.burnIn ?? 0);
    let began: number | undefined;
    let jumps: PartReader | undefined;
    const onProgress = (done: number, parts: number) => {
      if (signal.aborted) return;
      if (began === undefined) walking += 1;
      began ??= performance.now();
      events.started();
      events.progress(Math.floor((done * steps) / 1000));
      jumps?.upTo(parts);
    };
    try {
      const job = await submitter.patiently(
        async () => jobOf(task, await modelOf(model), store),
        signal,
      );
      jumps = createPartReader(store, idOf(job), (index, part) => {
        if (signal.aborted) return;
        events.jump(index, stepOf(walk, index), decodeNpy(part, 'a jump').data as Float32Array);
      });
      const result = await submitter.run(job, onProgress, signal);
      if (began !== undefined) {
        onRuns(model.path, { runs: 1, rows, seconds: (performance.now() - began) / 1000 });
      }
      const bytes = await submitter.patiently(() => samplesIn(result, store), signal);
      await jumps.end();
      tellJumps(bytes, task, events);
    } finally {
      await jumps?.end();
      if (began !== undefined) walking -= 1;
    }
  }
  return {
    chains: Number.POSITIVE_INFINITY,
    submit: (task, events) => {
      const controller = new AbortController();
      const { signal } = controller;
      inHand.add(controller);
      void walk(task, events, signal)
        .catch((error: unknown) => {
          if (!signal.aborted) events.failed(sentError(error));
        })
        .finally(() => inHand.delete(controller));
      return () => controller.abort(new UserError('stopped', { code: 'stopped' }));
    },
    // A worker does several things at a time: how many is seen when it does.
    ready: () => Math.max(health.workers(), walking),
    problem: health.problem,
    stop: async () => {
      health.stop();
      for (const controller of inHand)
        controller.abort(new UserError('stopped', { code: 'stopped' }));
    },
  };
}

/** The command that walks a task, to the bytes that a process of the server makes. */
async function jobOf({ request }: WalkTask, model: FileReference, store: Store): Promise<Job> {
  const args = ['sample', `--model=${model.name}`, ...argumentsOf(request)];
  const all = [...args, '--served', `--out=${RESULT}`];
  return commandJob(store, all, [model], { jumps: true });
}

/** Keeps models in a store, each once. A failure is forgotten. */
function keepModels(store: Store) {
  const kept = new Map<string, Promise<FileReference>>();
  return ({ path, version }: ModelFile): Promise<FileReference> => {
    const key = `${path}@${version}`;
    const found = kept.get(key) ?? putFile(store, path, commandFiles.model);
    kept.set(key, found);
    found.catch(() => kept.delete(key));
    return found;
  };
}

/** Reads the samples that a worker made. */
async function samplesIn({ files }: KeptResult, store: Store): Promise<Uint8Array> {
  const file = files.find(({ name }) => name === RESULT);
  if (!file) throw new Error(`a worker's result has no ${RESULT}`);
  return getObject(store, file.hash);
}

/** Counts the steps to a jump, burn-in included. */
const stepOf = ({ burnIn = 0, jumpEvery = 1 }: WalkTask['walk'], index: number) =>
  burnIn + (index + 1) * jumpEvery;

/** Gives the jumps of a walk that is done, one after another; those that are known are no news. */
function tellJumps(bytes: Uint8Array, { walk }: WalkTask, events: TaskEvents): void {
  const { data, shape } = decodeNpy(bytes, RESULT);
  const draws = shape[1]!;
  for (let index = 0; index < draws; index++) {
    const xhat = drawOf(data as Float32Array, shape as [number, number, ...number[]], index);
    events.jump(index, stepOf(walk, index), xhat);
  }
  events.done();
}

/** Looks again and again whether the queue and the store answer. */
function watchHealth({ connection, submitter, store }: ServedQueue) {
  const over = new AbortController();
  const { signal } = over;
  const problems: Record<'queue' | 'store', string | undefined> = {
    queue: undefined,
    store: undefined,
  };
  let workers = 0;
  const again = async (look: () => Promise<void>) => {
    while (!signal.aborted) {
      await look();
      await sleep(LOOK_EVERY, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  void again(async () => {
    const isThere = await connection.answers();
    problems.queue = isThere ? undefined : `queue ${connection.where} does not answer`;
    workers = isThere ? await submitter.workers().catch(() => workers) : 0;
  });
  void again(async () => {
    try {
      const identity = await store.read('identity');
      problems.store = identity ? undefined : `store ${store.name} is not there`;
    } catch (error) {
      problems.store = (error as Error).message;
    }
  });
  return {
    workers: () => workers,
    problem: () => problems.queue ?? problems.store,
    stop: () => over.abort(),
  };
}
