/** Requests that are sent again get the job of the first. */
import { createHash } from 'node:crypto';
import type { Job } from './job.ts';
import { ProblemError, problemOf } from './problem.ts';

/** Remembers which job a key of a client is of. */
export interface Idempotency {
  /**
   * Gives the job of a key, or makes it.
   *
   * @throws ProblemError for a key of another request.
   */
  once(
    owner: string,
    key: string | undefined,
    body: unknown,
    make: () => Job,
  ): { readonly job: Job; readonly isNew: boolean };
}

/** Longest key. */
const LONGEST = 200;

/** Makes a memory of keys; what `find` no longer finds is forgotten. */
export function createIdempotency(
  find: (id: string, owner: string) => Job | undefined,
): Idempotency {
  const known = new Map<
    string,
    { readonly hash: string; readonly id: string; readonly owner: string }
  >();

  const sweep = () => {
    for (const [name, { id, owner }] of known) if (!find(id, owner)) known.delete(name);
  };
  return {
    once: (owner, key, body, make) => {
      if (key === undefined) return { job: make(), isNew: true };
      if (key === '' || key.length > LONGEST) {
        throw new ProblemError(
          problemOf('invalid', `Idempotency-Key: must have 1 to ${LONGEST} characters`),
        );
      }
      const name = `${owner}\n${key}`;
      const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
      const before = known.get(name);
      const job = before && find(before.id, owner);
      if (before && job) {
        if (before.hash === hash) return { job, isNew: false };
        throw new ProblemError(
          problemOf(
            'other-request',
            'Idempotency-Key: came with another body before; take a new key',
          ),
        );
      }
      sweep();
      const made = make();
      known.set(name, { hash, id: made.id, owner });
      return { job: made, isNew: true };
    },
  };
}
