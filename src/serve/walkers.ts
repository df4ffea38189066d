/** Who walks what a server is asked for: processes of its own, or workers at a queue. */
import type { Runs, SentError, WalkTask } from './child/protocol.ts';

/** What becomes of a task. */
export interface TaskEvents {
  started(): void;
  progress(step: number): void;
  jump(index: number, step: number, xhat: Float32Array): void;
  done(): void;
  failed(error: SentError): void;
  /** The process that walked it died twice. */
  died(): void;
}

/** Those at work on tasks. */
export interface Walkers {
  /** Most chains of a task. */
  readonly chains: number;
  /** Puts a task last; gives a function that takes it back, or ends it between two steps. */
  submit(task: WalkTask, events: TaskEvents): () => void;
  /** Counts tasks that can be walked side by side. */
  ready(): number;
  /** Says why nothing can be walked now, in words. */
  problem(): string | undefined;
  /** Ends all of them at once. */
  stop(): Promise<void>;
}

/** Told of the runs of a model's network. */
export type OnRuns = (path: string, runs: Runs) => void;
