/** Runs what is left of an experiment on a pool of workers. */
import { join } from 'node:path';
import type { LoadOptions } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { interruptible } from '../interrupt.ts';
import type { Output } from '../output.ts';
import {
  type Cell,
  costOf,
  countFollowing,
  followingCells,
  frictionCells,
  type Protocol,
} from './protocol.ts';
import type { Store } from './store.ts';
import { bestFriction, summarize } from './summary.ts';
import { type Comparing, createPool, type TaskPool } from './tasks.ts';

export interface ExperimentSetting {
  readonly folder: string;
  readonly protocol: Protocol;
  readonly store: Store;
  readonly comparing: Comparing;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
  readonly workers: number;
}

/** A thing to do, and its size in the units of the progress. */
interface Job<T> {
  readonly size: number;
  readonly run: (onProgress: (progress: { readonly done: number }) => void) => Promise<T>;
}

/**
 * Trains the models that are not given, then walks the cells that have no row yet. Ctrl-C ends it: what
 * is finished is kept, and the same command goes on.
 */
export async function runExperiment(setting: ExperimentSetting, output: Output): Promise<void> {
  const pool = createPool(setting.workers);
  try {
    await interruptible(async (signal) => {
      const stop = () => void pool.stop();
      signal.addEventListener('abort', stop);
      try {
        await work(setting, pool, output);
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new UserError(
          `stopped after ${setting.store.rows.length} walks, which are saved; run the same command again to go on`,
          { exitCode: 130 },
        );
      }
    });
  } finally {
    await pool.stop();
  }
}

async function work(setting: ExperimentSetting, pool: TaskPool, output: Output): Promise<void> {
  const { protocol, store } = setting;
  const models = await trainModels(setting, pool, output);
  const cells = frictionCells(protocol);
  const all = cells.length + countFollowing(protocol);
  await walk(cells, `walking (${all} walks)`, { setting, pool, models }, output);
  const summaries = summarize(store.rows);
  const best = (sigma: number, measurements: number) =>
    bestFriction(summaries, protocol, sigma, measurements)?.friction;
  const following = followingCells(protocol, best);
  await walk(following, 'walking at the best frictions', { setting, pool, models }, output);
}

/** ONNX file of each class, by σ̃. */
async function trainModels(
  { protocol, folder, comparing, source, sourceOptions }: ExperimentSetting,
  pool: TaskPool,
  output: Output,
): Promise<ReadonlyMap<number, string>> {
  const { classes, training } = protocol;
  const given = classes.flatMap(({ sigma, model, hash }) =>
    hash ? [[sigma, model] as const] : [],
  );
  const wanted = classes.filter(({ hash }) => hash === undefined);
  const jobs = wanted.map(
    ({ sigma, model }): Job<readonly [number, string]> => ({
      size: training!.steps,
      run: async (onProgress) => {
        const directory = join(folder, model);
        const task = { ...comparing, directory, sigma, training: training!, source, sourceOptions };
        return [sigma, await pool.runTrain(task, onProgress)];
      },
    }),
  );
  const trained = await runJobs(jobs, `training ${jobs.length} models`, 'steps', output);
  return new Map([...given, ...trained]);
}

interface Walking {
  readonly setting: ExperimentSetting;
  readonly pool: TaskPool;
  readonly models: ReadonlyMap<number, string>;
}

async function walk(
  cells: readonly Cell[],
  label: string,
  { setting, pool, models }: Walking,
  output: Output,
): Promise<void> {
  const { protocol, store, folder, comparing } = setting;
  const finished = new Set(store.rows.map(({ id }) => id));
  const jobs = cells
    .filter(({ id }) => !finished.has(id))
    .map(
      (cell): Job<void> => ({
        size: costOf(cell, protocol),
        run: async (onProgress) => {
          const model = models.get(cell.sigma)!;
          await store.add(
            await pool.runCell({ ...comparing, cell, protocol, folder, model }, onProgress),
          );
        },
      }),
    );
  await runJobs(jobs, label, 'score calls', output);
}

/** All at once: the pool takes as many as it has workers. The first failure ends it. */
async function runJobs<T>(
  jobs: readonly Job<T>[],
  label: string,
  unit: string,
  output: Output,
): Promise<T[]> {
  const total = jobs.reduce((sum, { size }) => sum + size, 0);
  const bar = output.progress(label, total);
  const start = performance.now();
  const done = jobs.map(() => 0);
  const show = (i: number, value: number) => {
    done[i] = value;
    const made = Math.round(done.reduce((sum, own) => sum + own, 0));
    const rate = made / ((performance.now() - start) / 1000);
    bar.update(made, { secondsLeft: (total - made) / rate, note: `${Math.round(rate)} ${unit}/s` });
  };
  const runs = jobs.map(async ({ run, size }, i) => {
    const result = await run((progress) => show(i, progress.done));
    show(i, size);
    return result;
  });
  return Promise.all(runs).finally(() => bar.stop());
}
