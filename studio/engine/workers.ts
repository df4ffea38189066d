/** Workers of the page, each started when it is first needed and again after it broke down. */
import { type ProxyMarked, proxy, type Remote, wrap } from 'comlink';
import { UserError } from '../../src/errors.ts';
import type { Engine, FailureListener } from './protocol.ts';

/** A worker at work. */
interface Running {
  readonly engine: Remote<Engine>;
  /** Rejects when the worker breaks down: what it was doing never comes back. */
  readonly broken: Promise<never>;
}

/** One worker, asked from the page. */
export interface EngineWorker {
  /**
   * Asks it for something.
   *
   * @throws UserError where it breaks down before it has answered.
   */
  ask<T>(work: (engine: Remote<Engine>) => Promise<T>): Promise<T>;
  /** Tells a listener of the worker's end, until then of what it says itself. */
  untilBroken(onFailure: FailureListener): FailureListener & ProxyMarked;
  /** Calls back when the worker that runs now breaks down. */
  whenBroken(callback: (error: Error) => void): void;
}

/** Names a worker with an engine of its own, so that it waits for no other's work. */
export function engineWorker(name: string): EngineWorker {
  let running: Running | undefined;
  const start = (): Running => {
    if (running) return running;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name });
    const broken = new Promise<never>((_, reject) => {
      worker.addEventListener('error', ({ message }) => {
        worker.terminate();
        // The next call starts another one.
        running = undefined;
        const why = message ? ` (${message})` : '';
        reject(new UserError(`the engine has broken down${why}; start again, or reload the page`));
      });
    });
    // Whoever waits for something hears of it.
    broken.catch(() => {});
    running = { engine: wrap<Engine>(worker), broken };
    return running;
  };
  return {
    ask: (work) => {
      const { engine, broken } = start();
      return Promise.race([work(engine), broken]);
    },
    untilBroken: (onFailure) => {
      start().broken.catch(({ message }: Error) => onFailure(message));
      return proxy(onFailure);
    },
    whenBroken: (callback) => {
      start().broken.catch(callback);
    },
  };
}
