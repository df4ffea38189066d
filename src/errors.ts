/**
 * An error the user can mend: one line that says what is wrong, where, and how to fix it.
 * The command line prints `message` alone and exits with `exitCode`; anything else that is
 * thrown is a defect of mdensity and keeps its stack trace under `--debug`.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly exitCode: number;

  constructor(message: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}
