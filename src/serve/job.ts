/** One request for samples on its way, and what it has given so far. */
import { sizeOf } from '../data/shape.ts';
import type { Draws } from '../sample/index.ts';
import type { ServedModel } from './catalog.ts';
import type { Plan } from './plan.ts';
import type { Problem } from './problem.ts';
import type { SampleRequest } from './request.ts';

/** How far a job is. */
export type JobStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** All chains at one jump. */
export interface Frame {
  readonly step: number;
  /** x̂, `[chains, d]`. */
  readonly xhat: Float32Array;
}

/** A request on its way. What changes here is changed by `jobs.ts` alone. */
export interface Job {
  readonly id: string;
  /** Name of whose it is. */
  readonly owner: string;
  readonly model: ServedModel;
  readonly request: SampleRequest;
  readonly plan: Plan;
  readonly created: Date;
  status: JobStatus;
  finished?: Date;
  /** Steps made, of `plan.steps`. */
  done: number;
  /** Jumps that all chains have made. */
  jumps: number;
  readonly frames: Frame[];
  problem?: Problem;
  /** Called at every change. */
  readonly watchers: Set<() => void>;
}

/** Tells whether nothing more will come of a job. */
export const isOver = ({ status }: Job): boolean => status !== 'queued' && status !== 'running';

/** Waits for the next change of a job, or until the signal is aborted or so long has passed. */
export function changeOf(job: Job, signal: AbortSignal, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      job.watchers.delete(end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    job.watchers.add(end);
    signal.addEventListener('abort', end);
  });
}

/** Waits until a job is over, the signal is aborted, or so long has passed. */
export async function overOf(job: Job, signal: AbortSignal, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  for (;;) {
    const left = until - performance.now();
    if (isOver(job) || signal.aborted || left <= 0) return;
    await changeOf(job, signal, left);
  }
}

/** Says what a job is and how far. */
export function describeJob(job: Job) {
  const { id, status, model, request, plan, created, finished, done, jumps, problem } = job;
  return {
    id,
    status,
    model: model.name,
    seed: request.seed,
    request: { ...request },
    shape: [request.chains, plan.draws, ...model.config.shape],
    progress: { done, of: plan.steps, unit: 'updates' },
    jumps,
    created: created.toISOString(),
    ...(finished && { finished: finished.toISOString() }),
    ...(problem && { problem }),
    links: {
      self: `/v1/samples/${id}`,
      events: `/v1/samples/${id}/events`,
      result: `/v1/samples/${id}/result`,
    },
  };
}

/** Samples of a job that is done, by chain. */
export type Samples = Pick<Draws, 'data' | 'shape' | 'steps'>;

/** Gathers the jumps of a job by chain. */
export function samplesOf({ frames, jumps, request, model }: Job): Samples {
  const { chains } = request;
  const width = sizeOf(model.config.shape);
  const data = new Float32Array(chains * jumps * width);
  const shown = frames.slice(0, jumps);
  for (const [draw, { xhat }] of shown.entries()) {
    for (let chain = 0; chain < chains; chain++) {
      const row = xhat.subarray(chain * width, (chain + 1) * width);
      data.set(row, (chain * jumps + draw) * width);
    }
  }
  return {
    data,
    shape: [chains, jumps, ...model.config.shape],
    steps: shown.map(({ step }) => step),
  };
}
