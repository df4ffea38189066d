import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipIfNeeded, readBytes } from '../../files.ts';
import type { Work } from '../../progress.ts';
import { type NamedSet, namedSet, namedSets, type SetFile } from '../registry.ts';
import { locateSet, type SetLocation, setCacheFolder } from './cache.ts';
import { type DownloadOptions, downloadFile } from './fetch.ts';
import { fileDigests } from './file-digests.ts';
import { requireSet } from './named.ts';

/** A line of `mdensity data list`. */
export interface DatasetListing {
  readonly name: string;
  readonly title: string;
  readonly count: number;
  readonly shape: readonly number[];
  readonly licence: string;
  /** Size of the set's files as they are kept, in bytes. */
  readonly bytes: number;
  /** Where the files are; absent where they are not on this machine. */
  readonly location?: SetLocation;
}

/** Lists every named set, and where it is on this machine. */
export async function listDatasets(): Promise<DatasetListing[]> {
  return Promise.all(
    namedSets.map(async (set) => {
      const { name, title, count, shape, licence } = set;
      const location = await locateSet(set);
      const listing = { name, title, count, shape, licence, bytes: totalBytes(set) };
      return location === undefined ? listing : { ...listing, location };
    }),
  );
}

function totalBytes(set: NamedSet): number {
  return set.files.reduce((sum, { bytes }) => sum + bytes, 0);
}

export interface FetchOptions extends Omit<DownloadOptions, 'onProgress'>, Work {}

/** What a fetch did. */
export interface FetchReport {
  readonly name: string;
  readonly location: SetLocation;
  /** Names of the files that were downloaded; empty where all was here. */
  readonly downloaded: readonly string[];
}

/**
 * Puts a named set on this machine: downloads what is missing or damaged into the cache. A set that
 * is shipped with mdensity or installed by the system is left as it is.
 *
 * @throws UserError for an unknown name, and as `downloadFile` does.
 */
export async function fetchDataset(name: string, options: FetchOptions = {}): Promise<FetchReport> {
  const set = namedSet(name);
  const here = await locateSet(set);
  if (here !== undefined && here.kind !== 'cache') return { name, location: here, downloaded: [] };
  const folder = setCacheFolder(set);
  const { onProgress, ...rest } = options;
  const of = totalBytes(set);
  const downloaded: string[] = [];
  let done = 0;
  for (const file of set.files) {
    const path = join(folder, file.name);
    const report = (received: number) =>
      onProgress?.({
        label: `fetching ${name}`,
        done: done + received,
        of,
        unit: 'bytes',
        note: file.name,
      });
    if ((await fileProblem(file, path)) !== undefined) {
      const url = file.url as string;
      await downloadFile({ ...file, url, path }, { ...rest, onProgress: report });
      downloaded.push(file.name);
    }
    report(file.bytes);
    done += file.bytes;
  }
  return { name, location: { kind: 'cache', folder }, downloaded };
}

/** What was found of one file. */
export interface FileCheck {
  readonly name: string;
  readonly path: string;
  readonly ok: boolean;
  /** What is wrong and how to mend it; absent where `ok`. */
  readonly problem?: string;
}

/** What `mdensity data verify` found. */
export interface VerifyReport {
  readonly name: string;
  readonly location: SetLocation;
  readonly ok: boolean;
  readonly files: readonly FileCheck[];
}

/**
 * Compares each file of a named set with its SHA-256. Files that a system's package compressed anew
 * are compared by their contents.
 *
 * @throws UserError for an unknown name and a set that is not on this machine.
 */
export async function verifyDataset(name: string): Promise<VerifyReport> {
  const set = namedSet(name);
  const location = await requireSet(set);
  const mend =
    location.kind === 'cache'
      ? `run: mdensity data fetch ${name}`
      : `install ${location.kind === 'system' ? "the system's package" : 'mdensity'} again`;
  const files: FileCheck[] = [];
  for (const file of set.files) {
    const path = join(location.folder, file.name);
    const problem = await fileProblem(file, path);
    const check = { name: file.name, path, ok: problem === undefined };
    files.push(problem === undefined ? check : { ...check, problem: `${problem}; ${mend}` });
  }
  return { name, location, ok: files.every(({ ok }) => ok), files };
}

async function fileProblem(file: SetFile, path: string): Promise<string | undefined> {
  if (!existsSync(path)) return 'is missing';
  const { sha256, bytes } = await fileDigests(path);
  if (sha256 === file.sha256) return undefined;
  if (file.contentSha256 !== undefined && (await contentSha256(path)) === file.contentSha256) {
    return undefined;
  }
  return bytes === file.bytes
    ? `SHA-256 is ${sha256}, ${file.sha256} expected`
    : `size is ${bytes} bytes, ${file.bytes} expected`;
}

/** SHA-256 of a file's unpacked contents; `undefined` where it can not be unpacked. */
async function contentSha256(path: string): Promise<string | undefined> {
  const packed = await readBytes(path);
  try {
    return createHash('sha256').update(gunzipIfNeeded(packed, path)).digest('hex');
  } catch {
    return undefined;
  }
}
