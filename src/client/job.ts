/** A job of a server as a client holds it. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ProblemError, problemOf } from './problem.ts';
import type { JobDescription } from './types.ts';

/** One jump of all chains. */
export interface SampledJump {
  /** Counts from 1. */
  readonly jump: number;
  /** Steps made, burn-in included. */
  readonly step: number;
  readonly shape: readonly [chains: number, ...example: number[]];
  /** x̂, `shape`. */
  readonly xhat: Float32Array;
}

/** How far a job is. */
export type JobProgress = JobDescription['progress'];

/** How to follow a job. */
export interface FollowOptions {
  /** Ends the loop with its reason; the job goes on. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
  /** Begins after this jump. Default 0. */
  readonly after?: number;
}

/** A job of a server. */
export interface SampleJob {
  readonly id: string;
  /** Asked with it again, the samples are the same. */
  readonly seed: number;
  /** Shape of all samples. */
  readonly shape: readonly number[];
  /** Asks how far it is. */
  describe(): Promise<JobDescription>;
  /**
   * Gives the jumps as they come, and ends with the job. A connection that is lost is made anew
   * after the last jump.
   *
   * @throws ProblemError where the walk failed or was cancelled.
   */
  jumps(options?: FollowOptions): AsyncGenerator<SampledJump, void, undefined>;
  /** Waits for the end and gives all samples, float32, `shape`. */
  samples(options?: FollowOptions): Promise<Float32Array>;
  /** Waits for the end and gives a PNG of the last jumps, or all samples as NPY. */
  file(format: 'png' | 'npy', options?: FollowOptions): Promise<Blob>;
  /** Ends it, or forgets its samples. */
  cancel(): Promise<void>;
}

/** Sends a request to a path of the server. */
export type Send = (path: string, options?: RequestInit) => Promise<Response>;

/** Milliseconds before a lost connection is made anew, the first time; then twice as long. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;

const types = { png: 'image/png', npy: 'application/x-npy' } as const;

/** Holds a job. */
export function holdJob({ id, seed, shape, links }: JobDescription, send: Send): SampleJob {
  const { self, events, result } = links;
  const jumps = (options: FollowOptions = {}) => follow(events, send, options);

  async function over(options: FollowOptions): Promise<void> {
    for await (const _ of jumps(options));
  }
  async function get(accept: string, options: FollowOptions): Promise<Response> {
    await over(options);
    return send(result, { headers: { accept }, signal: options.signal ?? null });
  }
  return {
    id,
    seed,
    shape,
    jumps,
    describe: async () => (await (await send(self)).json()) as JobDescription,
    samples: async (options = {}) => {
      const frames: SampledJump[] = [];
      for await (const jump of jumps({ ...options, after: 0 })) frames.push(jump);
      return byChain(frames, shape);
    },
    file: async (format, options = {}) => (await get(types[format], options)).blob(),
    cancel: async () => {
      await send(self, { method: 'DELETE' });
    },
  };
}

/** `[jumps]` of `[chains, width]` as `[chains, jumps, width]`. */
function byChain(frames: readonly SampledJump[], [chains = 1]: readonly number[]): Float32Array {
  const width = (frames[0]?.xhat.length ?? 0) / chains;
  const all = new Float32Array(frames.length * chains * width);
  for (const [draw, { xhat }] of frames.entries()) {
    for (let chain = 0; chain < chains; chain++) {
      const row = xhat.subarray(chain * width, (chain + 1) * width);
      all.set(row, (chain * frames.length + draw) * width);
    }
  }
  return all;
}

async function* follow(
  path: string,
  send: Send,
  { signal, onProgress, after = 0 }: FollowOptions,
): AsyncGenerator<SampledJump, void, undefined> {
  let last = after;
  let pause = FIRST_PAUSE;
  for (;;) {
    const events = untilLost(eventsAfter(path, send, last, signal), signal);
    for await (const { event, data } of events) {
      if (event === 'progress') onProgress?.(JSON.parse(data) as JobProgress);
      else if (event === 'jump') {
        const jump = readJump(data);
        last = jump.jump;
        pause = FIRST_PAUSE;
        yield jump;
      } else return ended(JSON.parse(data) as JobDescription);
    }
    await wait(pause, signal);
    pause = Math.min(LONGEST_PAUSE, 2 * pause);
  }
}

/**
 * Gives what comes until the connection is lost. What fails in who takes it is no such loss.
 *
 * @throws ProblemError for what the server refuses, and the signal's reason.
 */
async function* untilLost<T>(events: AsyncGenerator<T>, signal: AbortSignal | undefined) {
  try {
    for (;;) {
      const next = await events.next().catch((error: unknown) => {
        signal?.throwIfAborted();
        if (error instanceof ProblemError) throw error;
      });
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    await events.return(undefined).catch(() => {});
  }
}

/** @throws ProblemError unless the job is done. */
function ended({ problem }: JobDescription): void {
  if (problem) throw new ProblemError(problem);
}

async function* eventsAfter(
  path: string,
  send: Send,
  last: number,
  signal: AbortSignal | undefined,
) {
  const headers = { accept: 'text/event-stream', 'last-event-id': String(last) };
  const response = await send(path, { headers, signal: signal ?? null });
  if (!response.body) throw problemOf(response, undefined);
  const events = response.body
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Reads x̂, float32, little-endian, in base64. */
function readJump(data: string): SampledJump {
  const { xhat, ...jump } = JSON.parse(data) as Omit<SampledJump, 'xhat'> & { xhat: string };
  const bytes = Uint8Array.from(atob(xhat), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  return { ...jump, xhat: values };
}

const wait = (milliseconds: number, signal: AbortSignal | undefined) =>
  new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop);
  });
