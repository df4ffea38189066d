/** What processes that run tasks share. */
import { workerEmit } from 'workerpool';
import { loadDataset, readNpy } from '../data/node/index.ts';
import { createReferences } from '../evaluate/distances.ts';
import { openFeatures } from '../evaluate/model/features.ts';
import type { Comparing, TrainTask } from './paper-a/tasks.ts';
import type { TaskProgress } from './pool.ts';

/**
 * Leaves Ctrl-C and the closing of a terminal to the process that started this one: they go to
 * every process of the terminal.
 */
export function leaveInterrupts(): void {
  process.on('SIGINT', () => {}).on('SIGHUP', () => {});
}

/** Milliseconds between two reports: a step may take less than its message. */
const REPORT_EVERY = 100;
let reported = 0;
let last: TaskProgress = { done: 0 };

/** Tells the pool how much of a task is done. */
export const report = (progress: TaskProgress) => {
  last = progress;
  if (performance.now() - reported < REPORT_EVERY) return;
  reported = performance.now();
  workerEmit(progress);
};

/** Tells the pool a part of a task's result. */
export const reportPart = (part: Uint8Array) =>
  workerEmit({ ...last, part: Buffer.from(part).toString('base64') });

/** Keeps what one task needs for the next. */
export function remember<T, R>(key: (argument: T) => string, make: (argument: T) => Promise<R>) {
  const kept = new Map<string, Promise<R>>();
  return (argument: T) => {
    const name = key(argument);
    const found = kept.get(name) ?? make(argument);
    kept.set(name, found);
    return found;
  };
}

/** What samples are compared with. */
export const comparisonOf = remember(
  ({ reference }: Comparing) => reference,
  async ({ features, reference, inception, shape }: Comparing) => {
    const network = await openFeatures(features, shape, { threads: 1, inception });
    const { data } = await readNpy(reference);
    const references = await createReferences(data as Float32Array, network.dimension, {
      threads: 1,
    });
    return { network, references };
  },
);

export const datasetOf = remember(
  ({ source }: Pick<TrainTask, 'source' | 'sourceOptions'>) => source,
  ({ source, sourceOptions }) => loadDataset(source, sourceOptions),
);
