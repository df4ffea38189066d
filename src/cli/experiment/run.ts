/** Runs what is left of an experiment on a pool of workers. */
import { join } from 'node:path';
import type { LoadOptions } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { interruptible } from '../interrupt.ts';
import { findModel } from '../model-file.ts';
import type { Output } from '../output.ts';
import { type Job, runJobs } from './jobs.ts';
import { type Cell, costOf, followingCells, frictionCells, type Protocol } from './protocol.ts';
import type { Store } from './store.ts';
import { bestFriction, summarize } from './summary.ts';
import { type Comparing, createTaskPool, type TaskPool } from './tasks.ts';

export interface ExperimentSetting {
  readonly folder: string;
  readonly protocol: Protocol;
  readonly store: Store;
  readonly comparing: Comparing;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
  readonly workers: number;
}

/**
 * Trains the models that are not given, then walks the cells that have no row yet. Ctrl-C ends it: what
 * is finished is kept, and the same command goes on.
 */
export async function runExperiment(setting: ExperimentSetting, output: Output): Promise<void> {
  const pool = createTaskPool(setting.workers);
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
  const walking: Walking = { setting, pool, models: new Map() };
  await walk(frictionCells(protocol), 'the grid', walking, output);
  const summaries = summarize(store.rows);
  const best = (sigma: number, measurements: number) =>
    bestFriction(summaries, protocol, sigma, measurements)?.friction;
  await walk(followingCells(protocol, best), 'the best frictions', walking, output);
}

interface Walking {
  readonly setting: ExperimentSetting;
  readonly pool: TaskPool;
  /** ONNX file of each class that was needed so far, by σ̃. */
  readonly models: Map<number, string>;
}

/** Runs the cells that have no row yet. */
async function walk(
  all: readonly Cell[],
  label: string,
  walking: Walking,
  output: Output,
): Promise<void> {
  const { setting, pool, models } = walking;
  const { protocol, store, folder, comparing } = setting;
  const finished = new Set(store.rows.map(({ id }) => id));
  const cells = all.filter(({ id }) => !finished.has(id));
  await findModels(new Set(cells.map(({ sigma }) => sigma)), walking, output);
  const jobs = cells.map(
    (cell): Job<void> => ({
      size: costOf(cell, protocol),
      run: async (onProgress) => {
        const model = models.get(cell.sigma)!;
        const task = { ...comparing, cell, protocol, folder, model };
        await store.add(await pool.runCell(task, onProgress));
      },
    }),
  );
  await runJobs(jobs, `walking ${label} (${counted(jobs, 'walk')})`, 'score calls', output);
}

/** The models of classes: those that are given, and the others trained. */
async function findModels(
  sigmas: ReadonlySet<number>,
  { setting, pool, models }: Walking,
  output: Output,
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
          models.set(sigma, await pool.runTrain({ ...comparing, ...learning }, onProgress));
        },
      }),
    );
  await runJobs(jobs, `training ${counted(jobs, 'model')}`, 'steps', output);
}

const counted = ({ length }: readonly unknown[], name: string) =>
  `${length} ${name}${length === 1 ? '' : 's'}`;
