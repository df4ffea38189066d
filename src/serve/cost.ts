/** What a row of a network costs, from what others took. */
import type { Runs } from './child/protocol.ts';

/** Measured seconds of one row of a model's network. */
export interface Costs {
  add(path: string, runs: Runs): void;
  secondsPerRow(path: string): number;
}

/** Seconds of a row that nobody has measured. */
const UNKNOWN = 0.01;
/** Weight of what is new. */
const NEW = 0.2;

/** Makes an account of costs. */
export function createCosts(): Costs {
  const known = new Map<string, number>();
  return {
    add: (path, { rows, seconds }) => {
      if (rows === 0) return;
      const before = known.get(path);
      const now = seconds / rows;
      known.set(path, before === undefined ? now : (1 - NEW) * before + NEW * now);
    },
    secondsPerRow: (path) => known.get(path) ?? UNKNOWN,
  };
}
