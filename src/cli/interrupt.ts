import { UserError } from '../errors.ts';

/**
 * Runs work that can be stopped: the first Ctrl-C (or SIGTERM) aborts the signal, so that the work
 * saves what it has; a second one ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new UserError('stopped', { exitCode: 130 }));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
