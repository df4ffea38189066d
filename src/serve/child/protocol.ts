/** What the server and the processes that walk say to each other. */
import { type ErrorCode, type ErrorFacts, UserError } from '../../errors.ts';
import type { WalkJumpOptions } from '../../sample/index.ts';
import type { SampleRequest } from '../request.ts';

/** A model on this machine. */
export interface ModelFile {
  readonly path: string;
  /** Another where the file was replaced. */
  readonly version: string;
}

/** Some chains of a request, walked by one process. */
export interface WalkTask {
  readonly model: ModelFile;
  readonly request: SampleRequest;
  /** The walk that the request comes to, of all its chains. */
  readonly walk: WalkJumpOptions;
  /** Score calls that these chains take. */
  readonly rows: number;
  /** First of these chains among those of the request. */
  readonly firstChain: number;
  readonly chains: number;
}

/** What a process is told. */
export type ToChild =
  | { readonly type: 'walk'; readonly id: number; readonly task: WalkTask }
  | { readonly type: 'stop'; readonly id: number };

/** An error on its way between processes. */
export interface SentError {
  readonly message: string;
  /** Absent of defects. */
  readonly code?: ErrorCode;
  readonly facts?: ErrorFacts;
}

/** Makes an error one that can be sent. */
export function sentError(error: unknown): SentError {
  if (error instanceof UserError) {
    const { message, code, facts } = error;
    return { message, code, facts };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

/** What a process tells. */
export type FromChild =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly id: number; readonly step: number }
  | {
      readonly type: 'jump';
      readonly id: number;
      /** Counts from 0. */
      readonly index: number;
      readonly step: number;
      /** x̂, `[chains, d]`. */
      readonly xhat: Float32Array;
    }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError }
  /** The runs of a network since the last report. */
  | ({ readonly type: 'runs'; readonly path: string } & Runs);

/** How often a network ran, with how many examples in all, and for how long. */
export interface Runs {
  readonly runs: number;
  readonly rows: number;
  readonly seconds: number;
}
