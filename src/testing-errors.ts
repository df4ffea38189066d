import { expect } from 'vitest';
import type { ErrorCode, ErrorFacts } from './errors.ts';

/** Matches a `UserError` of a code whose facts hold these, for `toThrow`. */
export function anError(code: ErrorCode, facts: ErrorFacts = {}): unknown {
  return expect.objectContaining({ code, facts: expect.objectContaining(facts) });
}
