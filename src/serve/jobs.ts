/** The jobs of a server: a bounded queue, and results that are kept for a while. */
import { randomUUID } from 'node:crypto';
import { sizeOf } from '../data/shape.ts';
import type { ServedModel } from './catalog.ts';
import type { SentError } from './child/protocol.ts';
import type { Costs } from './cost.ts';
import { isOver, type Job } from './job.ts';
import { sizeProblem } from './job-size.ts';
import type { Limits } from './limits.ts';
import type { Plan } from './plan.ts';
import { type ProblemCode, ProblemError, problemOf } from './problem.ts';
import type { SampleRequest } from './request.ts';
import type { Walkers } from './walkers.ts';

/** What is asked for, by whom. */
export interface Asked {
  readonly owner: string;
  readonly model: ServedModel;
  readonly request: SampleRequest;
  readonly plan: Plan;
}

/** The jobs of a server. */
export interface Jobs {
  /**
   * Takes a job.
   *
   * @throws ProblemError for one that is too large, and where too many wait.
   */
  add(asked: Asked): Job;
  /** A job of that owner. */
  find(id: string, owner: string): Job | undefined;
  /** Ends a job between two steps; one that is over is forgotten. */
  remove(job: Job): void;
  /** Counts jobs by how far they are. */
  counts(): Readonly<Record<'queued' | 'running', number>>;
  /** Ends all jobs that are not over. */
  cancelAll(): void;
  /** Estimates the seconds until all that is there is done. */
  secondsLeft(): number;
}

export interface JobsOptions {
  readonly walkers: Walkers;
  readonly limits: Limits;
  readonly costs: Costs;
  /** Told of every job that is over, with the seconds since it came. */
  readonly onOver?: ((job: Job, seconds: number) => void) | undefined;
}

/** Makes an empty set of jobs. */
export function createJobs({ walkers, limits, costs, onOver }: JobsOptions): Jobs {
  const jobs = new Map<string, Job>();
  const cancels = new Map<string, readonly (() => void)[]>();
  let bytes = 0;

  /** Jobs that are not over. */
  const active = new Set<Job>();
  const count = (status: Job['status']) =>
    [...active].filter((job) => job.status === status).length;

  function secondsLeft(): number {
    const work = [...active].map(
      ({ plan, model, done }) =>
        plan.rows * (1 - done / plan.steps) * costs.secondsPerRow(model.path),
    );
    return work.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, walkers.ready());
  }

  function full(what: string): ProblemError {
    const seconds = Math.min(3600, Math.max(1, Math.ceil(secondsLeft())));
    return new ProblemError(
      problemOf('full', `${what}; try again in about ${seconds} s`, {
        facts: { retryAfter: seconds },
      }),
      { 'retry-after': String(seconds) },
    );
  }

  function forget(job: Job): void {
    if (!jobs.delete(job.id)) return;
    cancels.delete(job.id);
    bytes -= job.plan.bytes;
  }

  const isOld = ({ finished }: Job) =>
    finished !== undefined && Date.now() - finished.getTime() > 1000 * limits.keepSeconds;

  /** Lets go of results that are old, and of the oldest where there is no room for new ones. */
  function makeRoom(needed: number): void {
    for (const job of jobs.values()) {
      const isFull = bytes + needed > limits.storeBytes || jobs.size >= limits.kept;
      if (isOld(job) || (isFull && isOver(job))) forget(job);
    }
  }

  function check({ owner, model, plan }: Asked): void {
    const problem = sizeProblem(model, plan, limits);
    if (problem) throw new ProblemError(problem);
    if (count('queued') >= limits.queue) {
      throw full(`${limits.queue} jobs wait already`);
    }
    if ([...active].filter((job) => job.owner === owner).length >= limits.perKey) {
      throw full(`${limits.perKey} jobs of this key are not finished`);
    }
    makeRoom(plan.bytes);
    if (bytes + plan.bytes > limits.storeBytes) throw full('the memory for results is taken');
  }

  function over(job: Job, status: Job['status']): void {
    if (isOver(job)) return;
    job.status = status;
    job.finished = new Date();
    active.delete(job);
    cancels.delete(job.id);
    onOver?.(job, (job.finished.getTime() - job.created.getTime()) / 1000);
    changed(job);
  }

  function end(job: Job, status: 'failed' | 'cancelled', cause?: Job['problem']): void {
    if (isOver(job)) return;
    if (cause) job.problem = cause;
    const stops = cancels.get(job.id) ?? [];
    over(job, status);
    for (const stop of stops) stop();
  }

  function add(asked: Asked): Job {
    check(asked);
    const { model, request, plan } = asked;
    const job: Job = {
      ...asked,
      id: randomUUID(),
      created: new Date(),
      status: 'queued',
      done: 0,
      jumps: 0,
      frames: [],
      watchers: new Set(),
    };
    jobs.set(job.id, job);
    active.add(job);
    bytes += plan.bytes;
    const parts = partsOf(request.chains, walkers.chains);
    const tally = { left: parts.length };
    cancels.set(
      job.id,
      parts.map((part) =>
        walkers.submit(
          {
            model,
            request,
            walk: plan.walk,
            firstChain: part.first,
            chains: part.chains,
            rows: (plan.rows * part.chains) / request.chains,
          },
          partEvents(job, part, {
            done: () => {
              tally.left -= 1;
              if (tally.left === 0) over(job, 'done');
            },
            failed: (error) => end(job, 'failed', problemOfError(error)),
            died: () => end(job, 'failed', problemOf('worker', DIED)),
          }),
        ),
      ),
    );
    return job;
  }

  return {
    add,
    find: (id, owner) => {
      const job = jobs.get(id);
      return job && job.owner === owner && !isOld(job) ? job : undefined;
    },
    remove: (job) => {
      if (isOver(job)) forget(job);
      else end(job, 'cancelled', problemOf('stopped', 'the job was cancelled'));
    },
    counts: () => ({ queued: count('queued'), running: count('running') }),
    cancelAll: () => {
      const cause = problemOf('stopped', 'the server ended before the job did; ask again');
      for (const job of [...active]) end(job, 'cancelled', cause);
    },
    secondsLeft,
  };
}

const DIED = 'the process that walked died twice; ask for less, or tell who runs the server';

/** Chains that one process walks. */
interface Part {
  readonly first: number;
  readonly chains: number;
}

/** Chains in parts of as many as are walked at a time. */
function partsOf(chains: number, most: number): Part[] {
  const size = Math.min(chains, most);
  return Array.from({ length: Math.ceil(chains / size) }, (_, i) => ({
    first: i * size,
    chains: Math.min(size, chains - i * size),
  }));
}

/** Puts what a part gives where it belongs. A part that starts again gives the same again. */
function partEvents(
  job: Job,
  { first, chains }: Part,
  ends: { done(): void; failed(error: SentError): void; died(): void },
) {
  const { plan, request, model, frames } = job;
  const width = sizeOf(model.config.shape);
  const steps = plan.walk.steps + (plan.walk.burnIn ?? 0);
  let [given, made] = [0, 0];
  const progress = (step: number) => {
    job.done += Math.max(0, step - made) * chains;
    made = Math.max(made, step);
    changed(job);
  };
  return {
    ...ends,
    done: () => {
      progress(steps);
      ends.done();
    },
    started: () => {
      if (job.status !== 'queued') return;
      job.status = 'running';
      changed(job);
    },
    progress,
    jump: (index: number, step: number, xhat: Float32Array) => {
      if (index !== given || isOver(job)) return;
      given += 1;
      frames[index] ??= { step, xhat: new Float32Array(request.chains * width) };
      frames[index].xhat.set(xhat, first * width);
      filled(job, index, chains);
      progress(step);
    },
  };
}

/** Chains whose jump a frame has, by job. */
const filledChains = new WeakMap<Job, number[]>();

function filled(job: Job, index: number, chains: number): void {
  const counts = filledChains.get(job) ?? [];
  filledChains.set(job, counts);
  counts[index] = (counts[index] ?? 0) + chains;
  if (counts[index] === job.request.chains) job.jumps += 1;
}

function changed({ watchers }: Job): void {
  for (const watcher of [...watchers]) watcher();
}

function problemOfError({ message, code, facts }: SentError) {
  if (code === undefined) return problemOf('internal', message);
  return problemOf(code as ProblemCode, message, facts && { facts });
}
