/** What is asked of the workers of an experiment, and the pool of them. */
import workerpool from 'workerpool';
import type { LoadOptions } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { packagePath } from '../../package-folder.ts';
import type { FeatureName } from '../evaluation/feature-networks.ts';
import type { Cell, Protocol } from './protocol.ts';
import type { Row } from './store.ts';

/** What samples are compared in, and with. */
export interface Comparing {
  readonly shape: readonly number[];
  readonly features: FeatureName;
  readonly inception?: string | undefined;
  /** NPY of the data's features. */
  readonly reference: string;
}

/** A walk: its row comes back, its pictures are in `<folder>/pictures`. */
export interface CellTask extends Comparing {
  readonly cell: Cell;
  readonly protocol: Protocol;
  readonly folder: string;
  /** The ONNX file. */
  readonly model: string;
}

/** A model to train, as a run of its own that goes on where it was stopped; its ONNX file comes back. */
export interface TrainTask extends Comparing {
  readonly directory: string;
  readonly sigma: number;
  readonly training: NonNullable<Protocol['training']>;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
}

/** What a worker tells of its task: score calls, or steps, done so far. */
export interface TaskProgress {
  readonly done: number;
}

export interface TaskPool {
  runCell(task: CellTask, onProgress: (progress: TaskProgress) => void): Promise<Row>;
  runTrain(task: TrainTask, onProgress: (progress: TaskProgress) => void): Promise<string>;
  /** Ends all workers at once; tasks in hand are lost. */
  stop(): Promise<void>;
}

/** A pool of processes, each on one core: the runtime is fastest with a model to each. */
export function createPool(workers: number): TaskPool {
  // From source, a worker gets the loader of TypeScript with this process's own options.
  const script = import.meta.url.endsWith('.ts')
    ? packagePath('src', 'cli', 'experiment', 'worker.ts')
    : packagePath('dist', 'cli', 'experiment', 'worker.mjs');
  const forkOpts = { execArgv: process.execArgv };
  const pool = workerpool.pool(script, { workerType: 'process', maxWorkers: workers, forkOpts });
  const run = async (method: string, task: unknown, onProgress: (p: TaskProgress) => void) => {
    try {
      return await pool.exec(method, [task], {
        on: (payload) => onProgress(payload as TaskProgress),
      });
    } catch (error) {
      throw revived(error);
    }
  };
  return {
    runCell: (task, onProgress) => run('cell', task, onProgress) as Promise<Row>,
    runTrain: (task, onProgress) => run('train', task, onProgress) as Promise<string>,
    stop: async () => {
      await pool.terminate(true);
    },
  };
}

/** Errors lose their class on the way between processes. */
function revived(error: unknown): unknown {
  const { name, message } = error as Error;
  return name === 'UserError' ? new UserError(message, { cause: error }) : error;
}
