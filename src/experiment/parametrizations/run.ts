/**
 * Runs what is left of a comparison: costs first, one at a time, then every row on a pool of
 * workers.
 */

import type { LoadOptions } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import type { Work } from '../../progress.ts';
import { type Job, runJobs } from '../jobs.ts';
import type { Comparing } from '../paper-a/tasks.ts';
import { createPool, type Pool } from '../pool.ts';
import { createRemotePool, IN_FLIGHT, type Remote } from '../remote/pool.ts';
import { isIn, type Shard } from '../shard.ts';
import { openShare, type Share, shareRow } from '../share.ts';
import type { Entry } from './entries.ts';
import {
  type ComparisonCell,
  type ComparisonProtocol,
  callsOf,
  costCells,
  rowCells,
} from './protocol.ts';
import { type ComparisonRow, type ComparisonStore, findRow } from './row.ts';
import type { CostTask, DataTask } from './tasks.ts';

export interface ComparisonSetting {
  readonly folder: string;
  readonly protocol: ComparisonProtocol;
  readonly store: ComparisonStore;
  readonly comparing: Comparing;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
  /** Whether examples arrive as bytes. */
  readonly bytes: boolean;
  readonly workers: number;
  /** The part of the parametrizations that is compared by this process; default: all. */
  readonly shard?: Shard | undefined;
  /**
   * A queue whose workers train, measure and walk. Costs are measured on this machine all the same.
   */
  readonly remote?: Remote | undefined;
}

/**
 * Measures, trains and walks what is left. A signal ends it: what is finished is kept, and the same
 * call goes on.
 *
 * @returns whether every parametrization has all its rows now: those of other parts may have none.
 * @throws UserError (`stopped`) where the signal ended it, and where every training diverged.
 */
export async function runComparison(setting: ComparisonSetting, work: Work = {}): Promise<boolean> {
  const signal = work.signal ?? new AbortController().signal;
  const pools = new Set<Pool>();
  const stop = async () => {
    await Promise.all([...pools].map((pool) => pool.stop()));
  };
  // One listener, however many pools there are.
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      void stop();
      reject(signal.reason);
    });
  });
  aborted.catch(() => {});
  const opened = (own: Pool) => {
    // Stopped between two pools: the next would not be told.
    signal.throwIfAborted();
    const pool = endingPool(own, signal, aborted);
    pools.add(pool);
    return pool;
  };
  const open = (workers: number) => opened(createPool('parametrizations', workers));
  const { remote } = setting;
  const openRows = () =>
    remote ? opened(createRemotePool('parametrizations', remote)) : open(setting.workers);
  const over = new AbortController();
  try {
    const ends = AbortSignal.any([over.signal, signal]);
    const workers = remote ? IN_FLIGHT : setting.workers;
    const share = await openShare({ ...setting, ...work, workers, signal: ends });
    const own = ofShard(setting);
    await measureCosts({ ...own, share }, open, { ...work, signal });
    await runRows({ ...own, share }, openRows(), work);
    await setting.store.refresh();
    return isComplete(setting);
  } catch (error) {
    if (!signal.aborted) throw error;
    await stop();
    await setting.store.settled();
    const { length } = setting.store.rows;
    throw new UserError(
      `stopped after ${length} cells, which are saved; start the same again to go on`,
      { code: 'stopped', facts: { cells: length } },
    );
  } finally {
    over.abort();
    await stop();
  }
}

/** The setting with the parametrizations of its part alone. */
function ofShard(setting: ComparisonSetting): ComparisonSetting {
  const { protocol, shard } = setting;
  const entries = protocol.entries.filter((_, i) => isIn(shard, i));
  return { ...setting, protocol: { ...protocol, entries } };
}

/** Whether every cell has a row, or none because its training diverged. */
function isComplete({ protocol, store }: ComparisonSetting): boolean {
  const cells = protocol.entries.flatMap((entry) => {
    const failed = findRow(store.rows, 'train', entry.name)?.error !== undefined;
    return failed ? [] : rowCells(entry, protocol);
  });
  return left([...costCells(protocol), ...cells], store.rows).length === 0;
}

interface SharedSetting extends ComparisonSetting {
  readonly share: Share;
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

/**
 * Each in a fresh process with nothing beside it: memory is the process's, and time has the machine
 * to itself.
 */
async function measureCosts(
  setting: SharedSetting,
  open: OpenPool,
  work: Work & { readonly signal: AbortSignal },
): Promise<void> {
  const { protocol, store, bytes } = setting;
  const cells = left(costCells(protocol), store.rows);
  let before = Promise.resolve();
  const jobs = cells.map((cell): Job<void> => {
    const { name, measurements } = cell as Extract<ComparisonCell, { stage: 'cost' }>;
    const entry = protocol.entries.find((one) => one.name === name)!;
    const measureOne = async () => {
      work.signal.throwIfAborted();
      const task: CostTask = { entry, protocol, measurements, bytes };
      const measure = async () => {
        const pool = open(1);
        return pool.run<object>('cost', task, () => {}).finally(pool.stop);
      };
      // One claim for all: two at a time, in whatever process, would disturb each other.
      await addRow(setting, cell, measure, 'cost');
    };
    return {
      size: 1,
      run: () => {
        before = before.then(measureOne);
        return before;
      },
    };
  });
  await runJobs(jobs, 'measuring cost', 'cells', work);
}

/** Trains, measures and walks; the rows that take longest begin first. */
async function runRows(setting: SharedSetting, pool: Pool, work: Work): Promise<void> {
  const { protocol, store } = setting;
  const rows = protocol.entries
    .map((entry) => jobsOf(entry, setting, pool))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b[0]!.size - a[0]!.size);
  const names = `${rows.length} parametrization${rows.length === 1 ? '' : 's'}`;
  const label = `training and walking ${names}`;
  await runJobs(rows.flat(), label, 'core-seconds', work);
  if (protocol.entries.length === 0) return;
  const trained = protocol.entries.filter(({ name }) => !findRow(store.rows, 'train', name)?.error);
  if (trained.length > 0) return;
  const { error } = findRow(store.rows, 'train', protocol.entries[0]!.name)!;
  throw new UserError(
    `every training diverged: ${error}; give another folder and a smaller learning rate`,
    { code: 'diverged', facts: { error } },
  );
}

/** What is left of a row: the first of it, the rest when there is a model. */
function jobsOf(entry: Entry, setting: SharedSetting, pool: Pool): Job<void>[] {
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
          await addRow(setting, cell, () =>
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
function unitsOf(cell: ComparisonCell, protocol: ComparisonProtocol): number {
  if (cell.stage === 'train') return protocol.training.steps;
  return cell.stage === 'walk' ? protocol.walk.chains * callsOf(cell.kernel, protocol) : 1;
}

/** What a cell will take on one core, by what its cost was measured to be. */
function secondsOf(cell: ComparisonCell, { protocol, store }: ComparisonSetting): number {
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

const left = (cells: readonly ComparisonCell[], rows: readonly ComparisonRow[]) => {
  const finished = new Set(rows.map(({ id }) => id));
  return cells.filter(({ id }) => !finished.has(id));
};

/** Adds the row of a cell, unless another process has. */
function addRow(
  { share, store }: SharedSetting,
  cell: ComparisonCell,
  work: () => Promise<object>,
  claim?: string,
): Promise<void> {
  const make = async () => ({ ...cell, ...(await work()) }) as ComparisonRow;
  return shareRow(share, store, cell.id, make, claim);
}
