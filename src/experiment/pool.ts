import workerpool from 'workerpool';
import { childScript } from '../child-script.ts';
import { DivergedError, type Divergence, UserError } from '../errors.ts';

/** What a worker tells of its task: how much of it is done, such as steps or score calls. */
export interface TaskProgress {
  readonly done: number;
  /** A part of the result, in base64; see `Task.onPart`. */
  readonly part?: string;
}

/** Processes that work on tasks. */
export interface Pool {
  /** Runs a task; a signal ends it at once, and the process that it is in. */
  run<T>(
    method: string,
    task: unknown,
    onProgress: (progress: TaskProgress) => void,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Ends all workers at once; tasks in hand are lost. */
  stop(): Promise<void>;
}

/** What a process runs, by whose tasks it does. */
const scripts = {
  'paper-a': ['experiment', 'paper-a', 'worker'],
  parametrizations: ['experiment', 'parametrizations', 'worker'],
  diloco: ['diloco', 'worker'],
  command: ['cli', 'command-worker'],
} as const;

/** Whose tasks a pool runs. */
export type PoolName = keyof typeof scripts;

/**
 * Starts a pool of processes that run the worker of that name, each on one core: the runtime is
 * fastest with a model to each.
 */
export function createPool(name: PoolName, workers: number): Pool {
  const { path, execArgv } = childScript(...scripts[name]);
  const forkOpts = { execArgv: [...execArgv] };
  const pool = workerpool.pool(path, { workerType: 'process', maxWorkers: workers, forkOpts });
  return {
    run: async (method, task, onProgress, signal) => {
      const running = pool.exec(method, [task], {
        on: (payload) => onProgress(payload as TaskProgress),
      });
      const stop = () => void running.cancel();
      signal?.addEventListener('abort', stop);
      try {
        return await running;
      } catch (error) {
        throw revived(error);
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
    stop: async () => {
      await pool.terminate(true);
    },
  };
}

/** Errors lose their class on the way between processes, and keep their own fields. */
function revived(cause: unknown): unknown {
  const { message, code, facts } = cause as Partial<UserError>;
  if (message === undefined || code === undefined || facts === undefined) return cause;
  if (code === 'diverged') return new DivergedError(message, facts as unknown as Divergence);
  return new UserError(message, { code, facts, cause });
}
