/** Runs what is left of a comparison: costs first, one at a time, then every row on a pool of workers. */
import type { LoadOptions } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { type Job, runJobs } from '../experiment/jobs.ts';
import { createPool, type Pool } from '../experiment/pool.ts';
import type { Comparing } from '../experiment/tasks.ts';
import { interruptible } from '../interrupt.ts';
import type { Output } from '../output.ts';
import type { Entry } from './entries.ts';
import { type Cell, callsOf, costCells, type Protocol, rowCells } from './protocol.ts';
import { findRow, type Row, type Store } from './row.ts';
import type { CostTask, DataTask } from './tasks.ts';

export interface ComparisonSetting {
  readonly folder: string;
  readonly protocol: Protocol;
  readonly store: Store;
  readonly comparing: Comparing;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
  /** Whether examples arrive as bytes. */
  readonly bytes: boolean;
  readonly workers: number;
}

/** Ctrl-C ends it: what is finished is kept, and the same command goes on. */
export async function runComparison(setting: ComparisonSetting, output: Output): Promise<void> {
  await interruptible(async (signal) => {
    const pools = new Set<Pool>();
    // One listener, however many pools there are.
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        void stop();
        reject(signal.reason);
      });
    });
    aborted.catch(() => {});
    const open = (workers: number) => {
      // Stopped between two pools: the next would not be told.
      signal.throwIfAborted();
      const pool = endingPool(createPool('comparison', workers), signal, aborted);
      pools.add(pool);
      return pool;
    };
    const stop = async () => {
      await Promise.all([...pools].map((pool) => pool.stop()));
    };
    try {
      await measureCosts(setting, open, output, signal);
      await runRows(setting, open(setting.workers), output);
    } catch (error) {
      if (!signal.aborted) throw error;
      const { length } = setting.store.rows;
      throw new UserError(
        `stopped after ${length} cells, which are saved; run the same command again to go on`,
        { exitCode: 130 },
      );
    } finally {
      await stop();
    }
  });
}

type OpenPool = (workers: number) => Pool;

/** Tasks end when the signal says so, those too that a row would begin with after it. */
function endingPool(pool: Pool, signal: AbortSignal, aborted: Promise<never>): Pool {
  return {
    ...pool,
    run: async (method, task, onProgress) => {
      signal.throwIfAborted();
      return Promise.race([pool.run<never>(method, task, onProgress), aborted]);
    },
  };
}

/** Each in a fresh process with nothing beside it: memory is the process's, and time has the machine to itself. */
async function measureCosts(
  setting: ComparisonSetting,
  open: OpenPool,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { protocol, store, bytes } = setting;
  const cells = left(costCells(protocol), store.rows);
  let before = Promise.resolve();
  const jobs = cells.map((cell): Job<void> => {
    const { name, measurements } = cell as Extract<Cell, { stage: 'cost' }>;
    const entry = protocol.entries.find((one) => one.name === name)!;
    const work = async () => {
      signal.throwIfAborted();
      const pool = open(1);
      const task: CostTask = { entry, protocol, measurements, bytes };
      await addRow(store, cell, () => pool.run('cost', task, () => {}));
      await pool.stop();
    };
    return {
      size: 1,
      run: () => {
        before = before.then(work);
        return before;
      },
    };
  });
  await runJobs(jobs, 'measuring cost', 'cells', output);
}

/** Trains, measures and walks; the rows that take longest begin first. */
async function runRows(setting: ComparisonSetting, pool: Pool, output: Output): Promise<void> {
  const { protocol, store } = setting;
  const rows = protocol.entries
    .map((entry) => jobsOf(entry, setting, pool))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b[0]!.size - a[0]!.size);
  const names = `${rows.length} parametrization${rows.length === 1 ? '' : 's'}`;
  const label = `training and walking ${names}`;
  await runJobs(rows.flat(), label, 'core-seconds', output);
  const trained = protocol.entries.filter(({ name }) => !findRow(store.rows, 'train', name)?.error);
  if (trained.length > 0) return;
  const { error } = findRow(store.rows, 'train', protocol.entries[0]!.name)!;
  throw new UserError(
    `every training diverged: ${error}; give another --out and a smaller --learning-rate`,
  );
}

/** What is left of a row: the first of it, the rest when there is a model. */
function jobsOf(entry: Entry, setting: ComparisonSetting, pool: Pool): Job<void>[] {
  const { protocol, store, folder, source, sourceOptions, comparing } = setting;
  const { name } = entry;
  const task: DataTask = { entry, protocol, folder, source, sourceOptions };
  const cells = left(rowCells(entry, protocol), store.rows);
  const trains = cells[0]?.stage === 'train';
  let trained: Promise<void> = Promise.resolve();
  return cells.map((cell): Job<void> => {
    const size = Math.max(1, Math.ceil(secondsOf(cell, setting)));
    const total = unitsOf(cell, protocol);
    return {
      size,
      run: (onProgress) => {
        const work = async () => {
          if (cell.stage !== 'train' && findRow(store.rows, 'train', name)?.error) return;
          const kernel = cell.stage === 'walk' && { kernel: cell.kernel };
          const method = { cost: 'cost', train: 'learn', measure: 'measure', walk: 'walk' }[
            cell.stage
          ];
          const full = { ...task, ...(kernel && { ...comparing, ...kernel }) };
          await addRow(store, cell, () =>
            pool.run(method, full, ({ done }) => onProgress({ done: (done / total) * size })),
          );
        };
        if (cell.stage !== 'train' || !trains) return trained.then(work);
        trained = work();
        return trained;
      },
    };
  });
}

/** What a worker counts of a cell. */
function unitsOf(cell: Cell, protocol: Protocol): number {
  if (cell.stage === 'train') return protocol.training.steps;
  return cell.stage === 'walk' ? protocol.walk.chains * callsOf(cell.kernel, protocol) : 1;
}

/** What a cell will take on one core, by what its cost was measured to be. */
function secondsOf(cell: Cell, { protocol, store }: ComparisonSetting): number {
  const { measurements, heldOut, permutations } = protocol;
  const cost = findRow(store.rows, 'cost', cell.name, (row) => row.measurements === measurements);
  const { stepSeconds = 1, callSeconds = 1e-3 } = cost ?? {};
  if (cell.stage === 'train') return stepSeconds * protocol.training.steps;
  if (cell.stage === 'measure') return callSeconds * (heldOut + 64 * permutations);
  // An accept test takes a call for the energy too.
  return (
    callSeconds *
    unitsOf(cell, protocol) *
    (cell.stage === 'walk' && cell.kernel === 'mala' ? 2 : 1)
  );
}

const left = (cells: readonly Cell[], rows: readonly Row[]) => {
  const finished = new Set(rows.map(({ id }) => id));
  return cells.filter(({ id }) => !finished.has(id));
};

async function addRow(store: Store, cell: Cell, work: () => Promise<object>): Promise<void> {
  await store.add({ ...cell, ...(await work()) } as Row);
}
