import type { Problem } from './types.ts';

/** What a server refused, and why: `problem.code` and `problem.facts` are for a program. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  /** Seconds after which to try again, where the server says so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** Makes the error of an answer that is none of success. */
export function problemOf(response: Response, body: unknown): ProblemError {
  const { status, statusText } = response;
  const known = typeof body === 'object' && body !== null && 'detail' in body;
  const problem = known
    ? (body as Problem)
    : {
        type: 'about:blank',
        title: statusText,
        status,
        detail: `the server answers ${status}`,
        code: 'unknown',
      };
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ProblemError(problem, Number.isNaN(seconds) ? undefined : seconds);
}
