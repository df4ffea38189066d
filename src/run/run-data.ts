/** Where the data of a run are. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { findNamedSet } from '../data/registry.ts';
import type { RunRecord } from './run-directory.ts';

/** Says where a source is, from the root of the disk; nothing for named sets and other names. */
export function absolutePath(source: string): string | undefined {
  if (findNamedSet(source)) return undefined;
  return existsSync(source) ? resolve(source) : undefined;
}

/**
 * Finds the data of a run: where they were when it began or, where nothing is there any more, by
 * what was typed.
 */
export function dataOfRun({ data: { source, path } }: Pick<RunRecord, 'data'>): string {
  return path !== undefined && existsSync(path) ? path : source;
}
