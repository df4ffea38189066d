/** What goes through the queue: names and hashes. Arrays go to the store. */
import { z } from 'zod';
import { DivergedError, type Divergence, type ErrorCode, UserError } from '../errors.ts';
import { encodeJson, type FileReference, hashOf } from '../store/index.ts';

const referenceSchema = z.strictObject({
  /** Path below the folder of the work. */
  name: z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[^/\\][^\\]*$/, 'leaves its folder'),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A piece of work: a function of what is in it, so that it may be done twice. */
export interface Job {
  /** Whose and which, as `paper-a/cell`. */
  readonly kind: string;
  /** Object of the store with what many pieces have in common, as JSON. */
  readonly common: string;
  /** What this piece has of its own: small. */
  readonly own: Readonly<Record<string, unknown>>;
  /** Prefix in the store of all that it reads and writes. Default: none. */
  readonly under?: string | undefined;
}

/** What a queue holds of a job. */
export const payloadSchema = z.strictObject({
  version: z.string(),
  kind: z.string(),
  common: z.string(),
  own: z.record(z.string(), z.unknown()),
  under: z
    .string()
    .regex(/^[\w-]+(\/[\w-]+)*$/)
    .optional(),
});

/** Names a job by what it is of: equal jobs are one. */
export const idOf = (job: Job): string => hashOf(encodeJson(job));

/** Names the result of a job in the store. */
export const resultKey = (id: string) => `results/${id.slice(0, 2)}/${id}`;

/** What a job made. */
export interface JobResult {
  readonly value: unknown;
  /** Files below the folder of the work. */
  readonly files: readonly FileReference[];
}

/** How far a job is: work done, in units of its own, and parts of its result in the store. */
export const progressSchema = z.object({ done: z.number(), parts: z.number() });

export type JobProgress = Readonly<z.output<typeof progressSchema>>;

/** A result as it is kept: with what decides whether its bits can be had again. */
export const resultSchema = z.object({
  value: z.unknown(),
  files: z.array(referenceSchema),
  machine: z.record(z.string(), z.string()),
});

export type KeptResult = z.output<typeof resultSchema>;

/** What a queue keeps of an error, as JSON. */
const failureSchema = z.object({
  message: z.string(),
  code: z.string(),
  facts: z.record(z.string(), z.unknown()),
});

/** Why a job failed whose sender took it back while it was done. */
export const CANCELLED = 'cancelled by who sent it';

/** Causes that may be gone at the next try; anything else that a user can mend is a finding. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'network',
  'disk',
  'memory',
  'device',
  'stopped',
]);

/** Tells whether trying again would end the same. */
export const isFinal = (error: unknown): boolean =>
  error instanceof UserError && !passing.has(error.code);

/** Writes an error as text that keeps its code and facts. */
export function encodeFailure(error: unknown): string {
  if (!(error instanceof UserError)) return error instanceof Error ? error.message : String(error);
  const { message, code, facts } = error;
  return JSON.stringify({ message, code, facts });
}

/** Reads what `encodeFailure` wrote; anything else is a failure of the worker. */
export function decodeFailure(text: string): UserError {
  try {
    const { message, code, facts } = failureSchema.parse(JSON.parse(text));
    if (code === 'diverged') return new DivergedError(message, facts as unknown as Divergence);
    return new UserError(message, { code: code as ErrorCode, facts });
  } catch {
    return new UserError(
      `a worker failed in every try: ${text}; see what it wrote, then start the same again`,
      { code: 'device', facts: { reason: text } },
    );
  }
}
