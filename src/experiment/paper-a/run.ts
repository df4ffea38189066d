/** Runs what is left of an experiment on a pool of workers. */

import { join } from 'node:path';
import type { LoadOptions } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import type { Work } from '../../progress.ts';
import { findModel } from '../../run/model-file.ts';
import { type Job, runJobs } from '../jobs.ts';
import { IN_FLIGHT, type Remote } from '../remote/pool.ts';
import { isIn, type Shard } from '../shard.ts';
import { openShare, type Share, shareRow } from '../share.ts';
import {
  costOf,
  firstCells,
  followingCells,
  type PaperACell,
  type PaperAProtocol,
} from './protocol.ts';
import type { PaperAStore } from './store.ts';
import { bestFrictions } from './summary.ts';
import { type Comparing, createTaskPool, type TaskPool } from './tasks.ts';

export interface ExperimentSetting {
  readonly folder: string;
  readonly protocol: PaperAProtocol;
  readonly store: PaperAStore;
  readonly comparing: Comparing;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
  readonly workers: number;
  /** The part of the cells that this process walks; default: all. */
  readonly shard?: Shard | undefined;
  /** A queue whose workers do it, in place of processes of this machine. */
  readonly remote?: Remote | undefined;
}

/**
 * Trains the models that are not given, then walks the cells that have no row yet. A signal ends
 * it: what is finished is kept, and the same call goes on.
 *
 * @returns whether every cell of the experiment has a row now: those of other parts may have none,
 *   and what follows the grid waits for all of it.
 * @throws UserError (`stopped`) where the signal ended it.
 */
export async function runExperiment(setting: ExperimentSetting, work: Work = {}): Promise<boolean> {
  const { signal } = work;
  const pool = createTaskPool(setting.workers, setting.remote);
  const stop = () => void pool.stop();
  signal?.addEventListener('abort', stop);
  const over = new AbortController();
  try {
    signal?.throwIfAborted();
    const ends = AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
    const workers = setting.remote ? IN_FLIGHT : setting.workers;
    const share = await openShare({ ...setting, ...work, workers, signal: ends });
    const walked = walkAll({ setting, pool, share, models: new Map() }, work);
    return await Promise.race([walked, abortOf(signal)]);
  } catch (error) {
    if (!signal?.aborted) throw error;
    await pool.stop();
    await setting.store.settled();
    const { length } = setting.store.rows;
    throw new UserError(
      `stopped after ${length} walks, which are saved; start the same again to go on`,
      { code: 'stopped', facts: { cells: length } },
    );
  } finally {
    over.abort();
    signal?.removeEventListener('abort', stop);
    await pool.stop();
  }
}

/** Fails when a signal is aborted: who waits for others cannot end them. */
const abortOf = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

async function walkAll(walking: Walking, work: Work): Promise<boolean> {
  const { protocol, store, shard } = walking.setting;
  const own = (cells: readonly PaperACell[]) => cells.filter((_, i) => isIn(shard, i));
  const areThere = async (cells: readonly PaperACell[]) => {
    await store.refresh();
    const finished = new Set(store.rows.map(({ id }) => id));
    return cells.every(({ id }) => finished.has(id));
  };
  const grid = firstCells(protocol);
  await walk(own(grid), 'the grid', walking, work);
  if (!(await areThere(grid))) return false;
  const following = followingCells(protocol, bestFrictions(store.rows, protocol));
  await walk(own(following), 'the best frictions', walking, work);
  return areThere(following);
}

interface Walking {
  readonly setting: ExperimentSetting;
  readonly pool: TaskPool;
  readonly share: Share;
  /** ONNX file of each class that was needed so far, by σ̃. */
  readonly models: Map<number, string>;
}

/** Runs the cells that have no row yet. */
async function walk(
  all: readonly PaperACell[],
  label: string,
  walking: Walking,
  work: Work,
): Promise<void> {
  const { setting, pool, share, models } = walking;
  const { protocol, store, folder, comparing } = setting;
  const finished = new Set(store.rows.map(({ id }) => id));
  const cells = all.filter(({ id }) => !finished.has(id));
  await findModels(new Set(cells.map(({ sigma }) => sigma)), walking, work);
  const jobs = cells.map(
    (cell): Job<void> => ({
      size: costOf(cell, protocol),
      run: async (onProgress) => {
        const model = models.get(cell.sigma)!;
        const task = { ...comparing, cell, protocol, folder, model };
        await shareRow(share, store, cell.id, () => pool.runCell(task, onProgress));
      },
    }),
  );
  await runJobs(jobs, `walking ${label} (${counted(jobs, 'walk')})`, 'score calls', work);
}

/** The models of classes: those that are given, and the others trained. */
async function findModels(
  sigmas: ReadonlySet<number>,
  { setting, pool, share, models }: Walking,
  work: Work,
): Promise<void> {
  const { protocol, folder, comparing, source, sourceOptions } = setting;
  const { classes, training } = protocol;
  const wanted = classes.filter(({ sigma }) => sigmas.has(sigma) && !models.has(sigma));
  for (const { sigma, model, hash } of wanted) if (hash) models.set(sigma, findModel(model));
  const jobs = wanted
    .filter(({ hash }) => hash === undefined)
    .map(
      ({ sigma, model }): Job<void> => ({
        size: training!.steps,
        run: async (onProgress) => {
          const directory = join(folder, model);
          const learning = { directory, sigma, training: training!, source, sourceOptions };
          const make = () => pool.runTrain({ ...comparing, ...learning }, onProgress);
          // Of a run that another has finished, it finds the model.
          models.set(sigma, await share({ claim: `model-${sigma}`, make }));
        },
      }),
    );
  await runJobs(jobs, `training ${counted(jobs, 'model')}`, 'steps', work);
}

const counted = ({ length }: readonly unknown[], name: string) =>
  `${length} ${name}${length === 1 ? '' : 's'}`;
