/** An experiment's folder: `experiment.json`, and a line of `cells.jsonl` for each finished cell. */
import { existsSync } from 'node:fs';
import { appendFile, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { ImageChainDiagnostics } from '../../evaluate/index.ts';
import { readBytes, writeBytes, writeError } from '../../files.ts';
import { type Cell, checkSame, type Protocol, protocolSchema } from './protocol.ts';

/** What a cell found. */
export interface Row extends Cell {
  /** Samples that distances are made from. */
  readonly samples: number;
  /** Score calls of all chains. */
  readonly scoreCalls: number;
  readonly seconds: number;
  /** Absent where the walk diverged, and for long chains. */
  readonly fd?: number;
  readonly kid?: number;
  readonly precision?: number;
  readonly recall?: number;
  /** Share of samples nearer to an image of the data than a third of the way to its own nearest neighbour. */
  readonly copies?: number;
  readonly chains?: ImageChainDiagnostics;
  /** Why there are no numbers. */
  readonly error?: string;
}

export interface Store {
  readonly rows: readonly Row[];
  add(row: Row): Promise<void>;
}

export const protocolPath = (folder: string) => join(folder, 'experiment.json');
const rowsPath = (folder: string) => join(folder, 'cells.jsonl');

/** Whether a folder holds an experiment. */
export const hasExperiment = (folder: string) => existsSync(protocolPath(folder));

/** @throws UserError for a file that is no protocol. */
export async function readProtocol(folder: string): Promise<Protocol> {
  const path = protocolPath(folder);
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return protocolSchema.parse(JSON.parse(text));
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
export async function openStore(folder: string, protocol: Protocol): Promise<Store> {
  if (hasExperiment(folder)) checkSame(await readProtocol(folder), protocol, folder);
  else {
    const text = `${JSON.stringify(protocol, null, 2)}\n`;
    await writeBytes(protocolPath(folder), new TextEncoder().encode(text));
  }
  const rows = await readRows(folder);
  let last = Promise.resolve();
  const append = async (row: Row) => {
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
export async function readRows(folder: string): Promise<Row[]> {
  const text = existsSync(rowsPath(folder)) ? await readFile(rowsPath(folder), 'utf8') : '';
  const rows = text.split('\n').flatMap((line): Row[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Row];
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
