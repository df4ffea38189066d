import { constants } from 'node:buffer';
import { existsSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type FileSystem, writeAtomically } from './atomic-write.ts';
import { type ErrorCode, UserError } from './errors.ts';

/** Reads the code of a system error, such as `ENOENT`; `''` for anything else. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

const readFixes: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path',
  ENOTDIR: 'a part of the path is not a folder; check the path',
  EISDIR: 'is a folder, a file was expected',
  EACCES: 'may not be read; change its permissions',
  EPERM: 'may not be read; change its permissions',
  ELOOP: 'is a link that leads to itself; mend the link',
  ENAMETOOLONG: 'is a longer path than the system takes; check the path',
  EIO: 'the disk fails to read it; copy it from elsewhere',
  EMFILE: 'too many files are open in this process; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; end what has them',
  ERR_FS_FILE_TOO_LARGE: 'is over 2 GiB, more than one read can take; split it into smaller files',
};

const writeFixes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and start the same again',
  EDQUOT: 'the disk quota is used up; free some space and start the same again',
  EACCES: 'may not be written; change its permissions or choose another folder',
  EPERM: 'may not be written; change its permissions or choose another folder',
  EROFS: 'is on a read-only disk; choose another folder',
  ENOENT: 'its folder does not exist; make it first',
  ENOTDIR: 'a part of the path is not a folder; choose another folder',
  EEXIST: 'a file is in the place of a folder; choose another folder',
  EISDIR: 'is a folder, a file was expected; choose another name',
  ELOOP: 'is a link that leads to itself; choose another name',
  ENAMETOOLONG: 'is a longer path than the system takes; choose a shorter one',
  EIO: 'the disk fails to write it; choose another disk',
  EFBIG: 'is larger than the disk takes in one file; choose another disk',
  EMFILE: 'too many files are open in this process; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; end what has them',
};

/** What kind of error a system error is to a program. */
const kinds: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EISDIR: 'invalid',
  EEXIST: 'invalid',
  ERR_FS_FILE_TOO_LARGE: 'unsupported',
};

/**
 * Makes a read error as the user should see it; an error that is no system error comes back as it
 * is.
 */
export function readError(error: unknown, path: string): unknown {
  const system = systemCode(error);
  const fix = readFixes[system];
  if (fix === undefined) return error;
  const code = kinds[system] ?? 'unreadable';
  return new UserError(`${path}: ${fix}.`, { code, facts: { path, system }, cause: error });
}

/** Makes a write error as the user should see it. `hint` is added to the fix. */
export function writeError(error: unknown, path: string, hint = ''): unknown {
  const system = systemCode(error);
  const fix = writeFixes[system];
  if (fix === undefined) return error;
  const code = kinds[system] ?? 'disk';
  return new UserError(`${path}: ${fix}${hint}.`, { code, facts: { path, system }, cause: error });
}

/** Tells whether there is a folder of this path. */
export const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

/**
 * Reads a whole file.
 *
 * @throws UserError where it is missing, unreadable or a folder.
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw readError(error, path);
  }
}

/** Most bytes of one call of the system, and of a file that may be held twice while it is read. */
const [AT_ONCE, TWICE] = [2 ** 30, 2 ** 26] as const;

/**
 * Reads a file of any size that memory takes, piece by piece; see `readBytes`.
 *
 * @throws UserError as `readBytes`.
 */
export async function readLargeBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= TWICE) return await readFile(path);
    const bytes = new Uint8Array(size);
    const file = await open(path, 'r');
    try {
      for (let done = 0; done < size; ) {
        const most = Math.min(AT_ONCE, size - done);
        const { bytesRead } = await file.read(bytes, done, most, done);
        if (bytesRead === 0) return bytes.subarray(0, done);
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
    return bytes;
  } catch (error) {
    throw readError(error, path);
  }
}

/**
 * Refuses an empty path, as of a variable that is not set: its files would scatter.
 *
 * @throws UserError for it.
 */
export function checkPath(path: string): void {
  if (path !== '') return;
  throw new UserError('path: is empty, as of a variable that is not set; give a path', {
    facts: { option: 'path', value: path },
  });
}

/**
 * Writes a file whole or not at all, making its folder; see `writeAtomically`.
 *
 * @throws UserError on a full disk, also one that takes a part of the bytes, and for missing
 *   rights.
 */
export async function writeBytes(
  path: string,
  bytes: Uint8Array | readonly Uint8Array[],
  system?: FileSystem,
): Promise<void> {
  try {
    checkPath(path);
    await makeFolder(dirname(path));
    await writeAtomically(path, bytes, system);
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * Makes a folder and those above it. Ends also where a file system takes none, as /proc does, in
 * which Node's own way goes on for ever. Throws the system's errors.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && isFolder(path)) return;
    const above = dirname(resolve(path));
    if (code !== 'ENOENT') throw error;
    if (existsSync(above)) await makeIn(above, path);
    else {
      await makeFolder(above);
      await makeFolder(path);
    }
  }
}

/** Makes a folder in one that was not there a moment ago, or that takes none. */
async function makeIn(above: string, path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && isFolder(path)) return;
    if (code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`no folder in ${above}`), { code: 'EPERM' });
  }
}

/**
 * Checks that a folder is there or can be made, and that files can be written to it: before work,
 * rather than after it. A folder that was not there is not left behind.
 *
 * @throws UserError where it cannot.
 */
export async function checkFolder(path: string): Promise<void> {
  const made = missingFolders(path);
  try {
    // Another command that looks at the same folder may have made it, and take it away again.
    await probe(path).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
      return probe(path);
    });
  } catch (error) {
    throw writeError(error, path);
  }
  // A folder that is not empty is another's by now.
  for (const folder of made) await rmdir(folder).catch(() => {});
}

/** Writes a file into a folder, made where there is none, and removes it. */
async function probe(folder: string): Promise<void> {
  const file = join(folder, `.probe-${process.pid}`);
  await makeFolder(folder);
  await writeFile(file, '');
  await rm(file, { force: true });
}

/** Lists the folders that making one would make, the innermost first. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  return missing;
}

/** Writes as `writeBytes` does, but leaves a file alone that holds these bytes already. */
export async function writeIfOther(path: string, bytes: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present === undefined || Buffer.compare(present, bytes) !== 0) await writeBytes(path, bytes);
}

/** Whether the bytes begin as a gzip stream does. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Bytes that a file may unpack to, and how many times its own size: see `unpackedLimit`. */
const [UNPACKED, RATIO] = [2 ** 26, 200] as const;

/**
 * Limits what compressed data of so many bytes may unpack to: 64 MiB, or 200 times its size where
 * that is more. Data of that kind is zeros, or a trap.
 */
export const unpackedLimit = (bytes: number): number =>
  Math.min(constants.MAX_LENGTH, Math.max(UNPACKED, RATIO * bytes));

/**
 * Unpacks gzip where the bytes are gzip, and returns others as they are. `file` is named in errors.
 *
 * @throws UserError where the stream is cut, damaged or unpacks to more than `unpackedLimit`.
 */
export function gunzipIfNeeded(bytes: Uint8Array, file: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const limit = unpackedLimit(bytes.length);
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw new UserError(
        `${file}: unpacks to more than ${RATIO} times its size; unpack it with gunzip if you trust it.`,
        { code: 'unsupported', facts: { path: file, limit }, cause: error },
      );
    }
    const problem =
      systemCode(error) === 'Z_BUF_ERROR'
        ? 'the gzip stream is cut short'
        : `the gzip stream is corrupt (${(error as Error).message})`;
    throw new UserError(`${file}: ${problem}; get the file again.`, {
      code: 'unreadable',
      facts: { path: file },
      cause: error,
    });
  }
}
