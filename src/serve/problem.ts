/** Problem documents (RFC 9457): what went wrong, to a person and to a program. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorCode, ErrorFacts } from '../errors.ts';

/** A problem document. */
export const problemSchema = z
  .object({
    type: z.string().describe('urn:mdensity:problem: and the code'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('what, where, and how to fix it'),
    code: z.string().describe('for a program to act on'),
    facts: z.record(z.string(), z.unknown()).optional(),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .describe('of a body: each member that is wrong, as a JSON pointer'),
  })
  .openapi('Problem');

/** What a problem document holds. */
export type Problem = z.infer<typeof problemSchema>;

/** Codes of the library's errors, and those of the server alone. */
export type ProblemCode =
  | ErrorCode
  | 'body'
  | 'draining'
  | 'full'
  | 'internal'
  | 'key'
  | 'not-acceptable'
  | 'not-finished'
  | 'other-request'
  | 'too-large'
  | 'worker';

const kinds: Readonly<Record<ProblemCode, readonly [ContentfulStatusCode, string]>> = {
  invalid: [422, 'A value makes no sense'],
  shape: [422, 'Shapes do not fit'],
  'not-found': [404, 'Not there'],
  unreadable: [500, 'A file cannot be read'],
  unsupported: [422, 'Not something that can be done'],
  mismatch: [422, 'Two things do not go together'],
  level: [422, 'A noise level that the model does not know'],
  diverged: [422, 'The walk left all bounds'],
  stopped: [409, 'Stopped'],
  busy: [503, 'Busy'],
  memory: [422, 'Not enough memory'],
  disk: [500, 'A disk failed'],
  device: [500, 'A device failed'],
  network: [502, 'The network failed'],
  checksum: [500, 'A file is damaged'],
  body: [400, 'Not a body that can be read'],
  draining: [503, 'The server is about to end'],
  full: [429, 'Too much is waiting'],
  internal: [500, 'A defect of the server'],
  key: [401, 'A key is needed'],
  'not-acceptable': [406, 'Not a format that there is'],
  'not-finished': [409, 'Not finished'],
  'other-request': [422, 'The idempotency key is of another request'],
  'too-large': [422, 'Too large a job'],
  worker: [500, 'The process that walked died'],
};

/** Makes a problem document; the status is that of its code unless it is given. */
export function problemOf(
  code: ProblemCode,
  detail: string,
  more: { readonly facts?: ErrorFacts; readonly errors?: Problem['errors']; status?: number } = {},
): Problem {
  const [status, title] = kinds[code];
  const { facts, errors } = more;
  return {
    type: `urn:mdensity:problem:${code}`,
    title,
    status: more.status ?? status,
    detail,
    code,
    ...(facts && { facts }),
    ...(errors && { errors }),
  };
}

/** A problem on its way to the client. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    super(problem.detail);
    this.problem = problem;
    this.headers = headers;
  }
}

/** Answers with a problem document. */
export function answerProblem(
  context: Context,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return context.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, {
    ...headers,
    'content-type': 'application/problem+json',
  });
}

/** Says what Zod found wrong with a body, member by member. */
export function problemOfBody(error: z.ZodError): Problem {
  const errors = error.issues.slice(0, 20).map(({ path, message, code, ...issue }) => {
    const keys = code === 'unrecognized_keys' ? (issue as { keys: string[] }).keys.slice(0, 5) : [];
    const at = [...path, ...keys.slice(0, 1)].map((part) =>
      String(part).replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 100),
    );
    return { pointer: `#/${at.join('/')}`, detail: message.slice(0, 300) };
  });
  const [first] = errors;
  return problemOf('invalid', `${first!.pointer}: ${first!.detail}`, { errors });
}
