/** Feeds damaged inputs to a reader and looks at what comes back. */
import { UserError } from '../../src/errors.ts';
import { mutate } from './mutate.ts';
import type { Reader, Source } from './readers.ts';

/** What went wrong with an input. */
export interface Failure {
  readonly reader: string;
  readonly seed: number;
  readonly index: number;
  /** `error`: something else than an error of ours, or one of several lines. */
  readonly kind: 'error' | 'time' | 'memory' | 'crash';
  readonly detail: string;
}

/** How inputs were taken. */
export interface Counts {
  read: number;
  refused: number;
}

/** The input of an index: sources take turns. */
export function inputOf(sources: readonly Source[], seed: number, index: number): Uint8Array {
  const { wrap = (bytes) => bytes, ...source } = sources[index % sources.length]!;
  return wrap(mutate(source, seed, index));
}

/** Reads one input; what is wrong with how that ended, in words. */
export async function tryInput(
  { read }: Pick<Reader, 'read'>,
  input: Uint8Array,
  counts?: Counts,
): Promise<string | undefined> {
  try {
    await read(input);
    if (counts) counts.read++;
    return undefined;
  } catch (error) {
    if (counts) counts.refused++;
    return problemOf(error);
  }
}

/**
 * Line breaks, control characters and what turns the direction of writing: none may be in an error.
 */
const wild = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function problemOf(error: unknown): string | undefined {
  if (!(error instanceof UserError)) {
    return `${String(error).slice(0, 300)}\n${(error as Error | undefined)?.stack?.slice(0, 1500)}`;
  }
  const { message, code, facts } = error;
  if (wild.test(message)) return `wild characters in ${JSON.stringify(message).slice(0, 300)}`;
  if (message.length > 4000) return `a message of ${message.length} characters`;
  if (message.trim() === '' || typeof code !== 'string' || typeof facts !== 'object') {
    return `no message, code or facts: ${message}`;
  }
  return undefined;
}
