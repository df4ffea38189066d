/** What folders of experiments share: `experiment.json`, and a line of `cells.jsonl` for each finished cell. */
import { existsSync } from 'node:fs';
import { appendFile, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../../errors.ts';
import { readBytes, writeBytes, writeError } from '../../files.ts';

/** A row of a finished cell: known by its name. */
interface Named {
  readonly id: string;
}

export interface RowStore<R extends Named> {
  readonly rows: readonly R[];
  add(row: R): Promise<void>;
}

/** What an experiment's protocols are. */
export interface ProtocolKind<P> {
  readonly schema: z.ZodType<P>;
  /** @throws UserError naming what differs first. */
  readonly checkSame: (kept: P, wanted: P, folder: string) => void;
}

const protocolPath = (folder: string) => join(folder, 'experiment.json');
const rowsPath = (folder: string) => join(folder, 'cells.jsonl');

/** Whether a folder holds an experiment. */
export const hasExperiment = (folder: string) => existsSync(protocolPath(folder));

/** Which experiment a folder holds, by its own word; none where that cannot be read. */
export async function experimentIn(folder: string): Promise<string | undefined> {
  try {
    const { experiment } = JSON.parse(await readFile(protocolPath(folder), 'utf8'));
    return typeof experiment === 'string' ? experiment : undefined;
  } catch {
    return undefined;
  }
}

/** @throws UserError for a file that is no such protocol. */
export async function readProtocolOf<P>(folder: string, schema: z.ZodType<P>): Promise<P> {
  const path = protocolPath(folder);
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      `${path}: is no experiment of this version; move it away, or give another --out`,
      { cause },
    );
  }
}

/**
 * Opens a folder to go on with, or makes it.
 * @throws UserError if it holds an experiment of another protocol.
 */
export async function openRows<P extends { readonly experiment: string }, R extends Named>(
  folder: string,
  protocol: P,
  { schema, checkSame }: ProtocolKind<P>,
): Promise<RowStore<R>> {
  if (hasExperiment(folder)) {
    const other = await experimentIn(folder);
    if (other !== undefined && other !== protocol.experiment) {
      throw new UserError(
        `${folder}: holds the experiment ${other}, not ${protocol.experiment}; give another --out`,
      );
    }
    checkSame(await readProtocolOf(folder, schema), protocol, folder);
  } else {
    const text = `${JSON.stringify(protocol, null, 2)}\n`;
    await writeBytes(protocolPath(folder), new TextEncoder().encode(text));
  }
  const rows = await readRowsOf<R>(folder);
  let last = Promise.resolve();
  const append = async (row: R) => {
    await appendLine(rowsPath(folder), JSON.stringify(row));
    rows.push(row);
  };
  return {
    rows,
    // Workers finish when they like: one line after the other.
    add: (row) => {
      const added = last.then(() => append(row));
      last = added.catch(() => {});
      return added;
    },
  };
}

/**
 * Rows of finished cells; a line that a crash cut short is dropped, and so is a second row of a cell, as two
 * processes in one folder leave behind.
 */
export async function readRowsOf<R extends Named>(folder: string): Promise<R[]> {
  const text = existsSync(rowsPath(folder)) ? await readFile(rowsPath(folder), 'utf8') : '';
  const rows = text.split('\n').flatMap((line): R[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as R];
    } catch {
      return [];
    }
  });
  const seen = new Set<string>();
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** On the disk when it returns. A line that a crash cut short before is ended first. */
async function appendLine(path: string, line: string): Promise<void> {
  try {
    const before = existsSync(path) ? await readFile(path, 'utf8') : '';
    const cut = before !== '' && !before.endsWith('\n');
    await appendFile(path, `${cut ? '\n' : ''}${line}\n`);
    const file = await open(path, 'r+');
    await file.sync().finally(() => file.close());
  } catch (error) {
    throw writeError(error, path, '; finished cells are kept');
  }
}
