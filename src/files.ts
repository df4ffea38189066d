import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import writeFileAtomic from 'write-file-atomic';
import { UserError } from './errors.ts';

/** The code of a system error, such as `ENOENT`; `''` for anything else. */
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
  ERR_FS_FILE_TOO_LARGE: 'is over 2 GiB, more than one read can take; split it into smaller files',
};

const writeFixes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and run the same command again',
  EDQUOT: 'the disk quota is used up; free some space and run the same command again',
  EACCES: 'may not be written; change its permissions or choose another folder',
  EPERM: 'may not be written; change its permissions or choose another folder',
  EROFS: 'is on a read-only disk; choose another folder',
  ENOENT: 'its folder does not exist; make it first',
  ENOTDIR: 'a part of the path is not a folder; choose another folder',
  EEXIST: 'a file is in the place of a folder; choose another folder',
  EISDIR: 'is a folder, a file was expected; choose another name',
};

/** A read error as the user should see it; an error that is no system error comes back as it is. */
export function readError(error: unknown, path: string): unknown {
  const fix = readFixes[systemCode(error)];
  return fix === undefined ? error : new UserError(`${path}: ${fix}.`, { cause: error });
}

/** A write error as the user should see it. `hint` is added to the fix. */
export function writeError(error: unknown, path: string, hint = ''): unknown {
  const fix = writeFixes[systemCode(error)];
  return fix === undefined ? error : new UserError(`${path}: ${fix}${hint}.`, { cause: error });
}

/** Whether there is a folder of this path. */
export const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

/** Reads a whole file. Throws `UserError` where it is missing, unreadable or a folder. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw readError(error, path);
  }
}

/** Writes a file whole or not at all, making its folder. Throws `UserError` on a full disk or missing rights. */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw writeError(error, path);
  }
}

/** As `writeBytes`, but leaves a file alone that holds these bytes already. */
export async function writeIfOther(path: string, bytes: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present === undefined || Buffer.compare(present, bytes) !== 0) await writeBytes(path, bytes);
}

/** Whether the bytes begin as a gzip stream does. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Unpacks gzip where the bytes are gzip, and returns others as they are. `file` is named in errors. */
export function gunzipIfNeeded(bytes: Uint8Array, file: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    const problem =
      systemCode(error) === 'Z_BUF_ERROR'
        ? 'the gzip stream is cut short'
        : `the gzip stream is corrupt (${(error as Error).message})`;
    throw new UserError(`${file}: ${problem}; get the file again.`, { cause: error });
  }
}
