/** A server of samples: its processes, its port, and how it ends. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { UserError } from '../errors.ts';
import { createApp } from './app.ts';
import { openCatalog } from './catalog.ts';
import { startChildren } from './children.ts';
import { createCosts } from './cost.ts';
import { createJobs } from './jobs.ts';
import { type Keys, readKeys } from './keys.ts';
import { type Limits, usualLimits } from './limits.ts';
import { listen } from './listen.ts';
import { createMetrics } from './metrics.ts';
import { openQueueWalkers, type ServedQueue } from './queue-walkers.ts';
import type { OnRuns } from './walkers.ts';

/** Where a server writes what happens: an event, and its name. */
export type Log = Readonly<
  Record<'info' | 'warn' | 'error', (event: object, name: string) => void>
>;

export interface ServerOptions {
  /** 0 takes a free one. Default 7358. */
  readonly port?: number;
  /** Address to listen at. Default `127.0.0.1`, which this machine alone reaches. */
  readonly host?: string;
  /** Processes that walk. Default: one a core. */
  readonly workers?: number;
  /** Most rows of one run of a network; 1 shares none. Default: as many as gain something. */
  readonly rows?: number | undefined;
  /** A queue whose workers walk, in place of processes of its own. */
  readonly queue?: ServedQueue | undefined;
  /** Models that are served. Default: those of the box and of the folder `runs`. */
  readonly models?: readonly string[] | undefined;
  /** API keys, `key` or `name=key`, separated by commas; `none` lets anybody in. */
  readonly keys?: string | undefined;
  readonly limits?: Partial<Limits>;
  /** Where events are written; default: as lines of JSON on stderr. */
  readonly log?: Log;
}

/** A server at work. */
export interface SampleServer {
  readonly address: string;
  /**
   * Ends it: refuses what is new, finishes what is there and the answers on their way, but for
   * what takes longer than `seconds`, or answers a moment more.
   */
  drain(seconds: number): Promise<void>;
  /** Ends it at once; jobs in hand are lost. */
  stop(): Promise<void>;
}

/** Milliseconds between two looks at what is left, and that the last answers have at least. */
const [LOOK_EVERY, LAST_ANSWERS] = [50, 3_000] as const;

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/**
 * Starts a server of samples.
 *
 * @throws UserError for a port that cannot be had, a model that is not there, and an address that
 *   others reach without keys.
 */
export async function startServer(options: ServerOptions = {}): Promise<SampleServer> {
  const { port = 7358, host = '127.0.0.1', workers = availableParallelism(), queue } = options;
  const { log = createLog() } = options;
  const keys = keysFor(host, options.keys);
  const limits = { ...usualLimits, ...options.limits };
  const catalog = await openCatalog(options.models, (left) =>
    log.warn(left, 'a model is left out'),
  );
  const costs = createCosts();
  const onRuns: OnRuns = (path, runs) => {
    costs.add(path, runs);
    metrics.runs(runs);
  };
  const onDeath = (cause: string) => {
    metrics.death();
    log.warn({ cause }, 'a process that walked died');
  };
  const walkers = queue
    ? openQueueWalkers({ ...queue, onRuns })
    : startChildren({ workers, rows: options.rows, onRuns, onDeath });
  const jobs = createJobs({
    walkers,
    limits,
    costs,
    onOver: (job, seconds) => {
      metrics.over(job, seconds);
      const { id, owner, status, request, problem } = job;
      const { model, chains, steps, seed } = request;
      log.info(
        { job: id, owner, status, model, chains, steps, seed, seconds, problem: problem?.detail },
        'job',
      );
    },
  });
  const metrics = createMetrics(
    {
      queued: () => jobs.counts().queued,
      running: () => jobs.counts().running,
      ready: walkers.ready,
    },
    { ofProcess: true },
  );
  let draining = false;
  const app = createApp({
    catalog,
    jobs,
    keys,
    limits,
    metrics,
    log,
    isDraining: () => draining,
    problem: () => (draining ? 'about to end' : walkers.problem()),
    hosts: LOOPBACK.includes(host) && !keys.areNeeded ? [...LOOPBACK, '[::1]'] : undefined,
  });
  const listening = await listen(app, { host, port, limits }).catch(async (error: unknown) => {
    await walkers.stop();
    throw error;
  });
  const stop = async () => {
    draining = true;
    jobs.cancelAll();
    metrics.registry.clear();
    await listening.close();
    await walkers.stop();
  };
  const drain = async (seconds: number) => {
    draining = true;
    const until = performance.now() + 1000 * seconds;
    const left = () => jobs.counts().queued + jobs.counts().running;
    while (left() > 0 && performance.now() < until) await sleep(LOOK_EVERY);
    // Streams of what is not done end with that as their last event.
    jobs.cancelAll();
    await listening.quiet(Math.max(LAST_ANSWERS, until - performance.now()));
    await stop();
  };
  return { address: listening.address, stop, drain };
}

/** Makes the log of a server: lines of JSON on stderr. */
export const createLog = (): Log => pino({ base: null }, pino.destination({ dest: 2, sync: true }));

/** @throws UserError for an address that others reach without keys. */
function keysFor(host: string, text: string | undefined): Keys {
  const isOpen = text?.trim() === 'none';
  const keys = readKeys(isOpen ? '' : text);
  if (keys.areNeeded || isOpen || LOOPBACK.includes(host)) return keys;
  throw new UserError(
    `host ${host}: others reach it, and everybody could ask; set MDENSITY_API_KEYS, or MDENSITY_API_KEYS=none to let anybody in`,
    { facts: { option: 'host', value: host } },
  );
}
