import workerpool from 'workerpool';
import { UserError } from '../../errors.ts';
import { packagePath } from '../../package-folder.ts';

/** What a worker tells of its task: how much of it is done, such as steps or score calls. */
export interface TaskProgress {
  readonly done: number;
}

/** Processes that work on tasks. */
export interface Pool {
  run<T>(method: string, task: unknown, onProgress: (progress: TaskProgress) => void): Promise<T>;
  /** Ends all workers at once; tasks in hand are lost. */
  stop(): Promise<void>;
}

/**
 * A pool of processes that run `<folder>/worker`, each on one core: the runtime is fastest with a model to each.
 */
export function createPool(folder: 'experiment' | 'comparison', workers: number): Pool {
  // From source, a worker gets the loader of TypeScript with this process's own options.
  const script = import.meta.url.endsWith('.ts')
    ? packagePath('src', 'cli', folder, 'worker.ts')
    : packagePath('dist', 'cli', folder, 'worker.mjs');
  const forkOpts = { execArgv: process.execArgv };
  const pool = workerpool.pool(script, { workerType: 'process', maxWorkers: workers, forkOpts });
  return {
    run: async (method, task, onProgress) => {
      try {
        return await pool.exec(method, [task], {
          on: (payload) => onProgress(payload as TaskProgress),
        });
      } catch (error) {
        throw revived(error);
      }
    },
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
