/** What all sittings of `bench/queue.ts kills` in a folder that is kept have done. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Tally {
  sittings: number;
  seconds: number;
  kills: number;
  /** Restarts of Redis without its data. */
  restarts: number;
  /** Experiments that ended; one more is under way where `isOpen`. */
  rounds: number;
  isOpen: boolean;
  /** Cells of those that ended, and how many of them are equal to those of one process. */
  cells: number;
  equal: number;
}

const pathOf = (folder: string) => join(folder, 'kills.json');

/** Reads what was done in a folder; nothing in a new one. */
export function readTally(folder: string): Tally {
  if (existsSync(pathOf(folder))) return JSON.parse(readFileSync(pathOf(folder), 'utf8'));
  const none = { sittings: 0, seconds: 0, kills: 0, restarts: 0 };
  return { ...none, rounds: 0, isOpen: false, cells: 0, equal: 0 };
}

/** Keeps what was done, and says it. */
export function saveTally(folder: string, tally: Tally, what: string): void {
  writeFileSync(pathOf(folder), JSON.stringify(tally));
  const { kills, restarts, seconds, rounds, cells, equal } = tally;
  console.log(
    `${what}: ${kills} kills, ${restarts} restarts of Redis without its data, ${seconds.toFixed()} s; ${rounds} experiments ended, equal to one process ${equal} of ${cells} cells`,
  );
}
