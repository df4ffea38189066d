/**
 * What folders of experiments share: `experiment.json`, and a line of `cells.jsonl` for each
 * finished cell.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes, writeError } from '../files.ts';

/** A row of a finished cell: known by its name. */
interface Named {
  readonly id: string;
}

export interface RowStore<R extends Named> {
  readonly rows: readonly R[];
  /** Finds the row of a cell. */
  find(id: string): R | undefined;
  /** Adds a row, unless its cell has one. */
  add(row: R): Promise<void>;
  /** Takes in the rows that other processes have written. */
  refresh(): Promise<void>;
  /** Waits until every row that was added is on the disk. */
  settled(): Promise<void>;
}

/** What an experiment's protocols are. */
export interface ProtocolKind<P> {
  readonly schema: z.ZodType<P>;
  /** @throws UserError naming what differs first. */
  readonly checkSame: (kept: P, wanted: P, folder: string) => void;
}

const protocolPath = (folder: string) => join(folder, 'experiment.json');
const rowsPath = (folder: string) => join(folder, 'cells.jsonl');

/** Tells whether a folder holds an experiment. */
export const hasExperiment = (folder: string) => existsSync(protocolPath(folder));

/** Tells which experiment a folder holds, by its own word; none where that cannot be read. */
export async function experimentIn(folder: string): Promise<string | undefined> {
  try {
    const { experiment } = JSON.parse(await readFile(protocolPath(folder), 'utf8'));
    return typeof experiment === 'string' ? experiment : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the protocol of an experiment's folder.
 * @throws UserError for a file that is no such protocol.
 */
export async function readProtocolOf<P>(folder: string, schema: z.ZodType<P>): Promise<P> {
  const path = protocolPath(folder);
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      `${path}: is no experiment of this version; move it away, or give another folder`,
      { code: 'unreadable', facts: { path }, cause },
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
        `${folder}: holds the experiment ${other}, not ${protocol.experiment}; give another folder`,
        {
          code: 'mismatch',
          facts: { path: folder, experiment: other, wanted: protocol.experiment },
        },
      );
    }
    checkSame(await readProtocolOf(folder, schema), protocol, folder);
  } else {
    const text = `${JSON.stringify(protocol, null, 2)}\n`;
    await writeBytes(protocolPath(folder), new TextEncoder().encode(text));
    // Another process may have begun one at the same moment.
    checkSame(await readProtocolOf(folder, schema), protocol, folder);
  }
  const store = storeOf<R>(folder);
  await store.refresh();
  return store;
}

function storeOf<R extends Named>(folder: string): RowStore<R> {
  const rows: R[] = [];
  const byId = new Map<string, R>();
  let read = 0;
  const keep = (row: R) => {
    if (byId.has(row.id)) return;
    rows.push(row);
    byId.set(row.id, row);
  };
  const append = async (row: R) => {
    if (byId.has(row.id)) return;
    await appendLine(rowsPath(folder), JSON.stringify(row));
    keep(row);
  };
  const refresh = async () => {
    // What was read before is not read again: a large experiment looks once for every cell.
    const { text, end } = await linesAfter(rowsPath(folder), read);
    for (const row of parseRows<R>(text)) keep(row);
    read = end;
  };
  // Workers finish when they like: one after the other.
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    rows,
    find: (id) => byId.get(id),
    add: (row) => inTurn(() => append(row)),
    refresh: () => inTurn(refresh),
    settled: () => last,
  };
}

/**
 * Reads rows of finished cells; a line that a crash cut short is dropped, and so is a second row of
 * a cell, as two processes in one folder leave behind.
 */
export async function readRowsOf<R extends Named>(folder: string): Promise<R[]> {
  const text = existsSync(rowsPath(folder)) ? await readFile(rowsPath(folder), 'utf8') : '';
  const seen = new Set<string>();
  return parseRows<R>(text).filter(({ id }) => !seen.has(id) && seen.add(id));
}

const parseRows = <R>(text: string): R[] =>
  text.split('\n').flatMap((line): R[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as R];
    } catch {
      return [];
    }
  });

/** The lines of a file after this many bytes, and where the last one that is ended ends. */
async function linesAfter(
  path: string,
  start: number,
): Promise<{ readonly text: string; readonly end: number }> {
  if (!existsSync(path)) return { text: '', end: start };
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    const whole = bytes.subarray(0, bytesRead).lastIndexOf('\n') + 1;
    return { text: bytes.toString('utf8', 0, bytesRead), end: start + whole };
  } finally {
    await file.close();
  }
}

/** On the disk when it returns. A line that a crash cut short before is ended first. */
async function appendLine(path: string, line: string): Promise<void> {
  try {
    const file = await open(path, 'a+');
    try {
      await file.write(`${(await endsInLine(file)) ? '\n' : ''}${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeError(error, path, '; finished cells are kept');
  }
}

/** Whether a file ends in the middle of a line. */
async function endsInLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last.toString() !== '\n';
}
