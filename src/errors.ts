import { oneLine } from './quoted.ts';

/**
 * What kind of thing went wrong. A program acts on this; the sentence is for people.
 *
 * - `invalid`: a value, or values together, make no sense; `facts.option` names the option where it
 *   is one.
 * - `shape`: an array, a network or a kernel has another shape than what it is used with.
 * - `not-found`: no file, model, data set or name of that kind.
 * - `unreadable`: bytes are not what they should be: cut, damaged, of another format.
 * - `unsupported`: understood, and not something that can be done here.
 * - `mismatch`: two things do not go together, such as a run and other data.
 * - `level`: a noise level outside those that a model knows.
 * - `diverged`: numbers left all bounds, in a walk or in training.
 * - `stopped`: ended on request; what was done is kept.
 * - `busy`: another process works there.
 * - `memory`, `disk`, `device`, `network`: the machine lacks it or it failed.
 * - `checksum`: bytes arrived, and are others than published.
 */
export type ErrorCode =
  | 'invalid'
  | 'shape'
  | 'not-found'
  | 'unreadable'
  | 'unsupported'
  | 'mismatch'
  | 'level'
  | 'diverged'
  | 'stopped'
  | 'busy'
  | 'memory'
  | 'disk'
  | 'device'
  | 'network'
  | 'checksum';

/**
 * Plain values that say what, where and how much: what a program needs to act on an error.
 *
 * `option` names the option that the sentence begins with, `options` others that it names, `value`
 * what was given, `least` and `most` what would do, `path` a file or folder, `remedy` what would
 * mend it, where that is a task of its own: `resume`, `fetch-inception`, `fetch-data`.
 */
export type ErrorFacts = Readonly<Record<string, unknown>>;

export interface UserErrorOptions {
  readonly code?: ErrorCode;
  readonly facts?: ErrorFacts;
  readonly cause?: unknown;
}

/** Characters of a message: no name in a file may fill a terminal. */
const LONGEST = 4000;

/**
 * An error the user can mend: `message` says what is wrong, where, and how to fix it, in one line,
 * also where names in it have line breaks; `code` and `facts` say the same to a program. Anything
 * else that is thrown is a defect of mdensity.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(message: string, { code = 'invalid', facts = {}, cause }: UserErrorOptions = {}) {
    super(oneLine(message, LONGEST), { cause });
    this.code = code;
    this.facts = facts;
  }

  /** Gives all that it says as plain data, for another process. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { name, message, stack, code, facts } = this;
    return { name, message, stack, code, facts };
  }
}

/** Where a walk or a training left all bounds. */
export interface Divergence {
  /** Steps made, the one that diverged included. */
  readonly step: number;
  /** Index of the chain; absent in training. */
  readonly chain?: number;
}

/**
 * A walk or a training whose numbers left all bounds: a finding about its settings, where any other
 * error is a failure of the work.
 */
export class DivergedError extends UserError {
  override readonly name: string = 'DivergedError';
  declare readonly facts: ErrorFacts & Divergence;

  constructor(message: string, where: Divergence, cause?: unknown) {
    super(message, { code: 'diverged', facts: { ...where }, cause });
  }
}

/** Says more about an error in another sentence: its kind, code and facts stay. */
export function reworded(error: UserError, message: string): UserError {
  if (error instanceof DivergedError) return new DivergedError(message, error.facts, error);
  const { code, facts } = error;
  return new UserError(message, { code, facts, cause: error });
}
