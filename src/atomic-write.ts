import { randomInt } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What writing takes of a file system; tests give one that fails. */
export interface FileSystem {
  readonly open: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
  readonly realpath: (path: string) => Promise<string>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly rm: (path: string, options: { readonly force: boolean }) => Promise<void>;
  readonly stat: (path: string) => Promise<Stats>;
}

const disk: FileSystem = { open, realpath, rename, rm, stat };

/** Bytes of one call: the system takes less than 2 GiB at once. */
const CHUNK = 2 ** 28;

/**
 * Writes a file, of bytes or of pieces end to end, whole or not at all. They go to
 * `<path>.<number>` beside it, are synced and counted, then take the name in one step, and the
 * folder is synced: after a loss of power there is the old file or the new one. A link is followed;
 * rights and owner of a file that is replaced are kept. What is no regular file (a pipe, a device)
 * is written as it is.
 *
 * @throws the system's error; what was begun is removed.
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array | readonly Uint8Array[],
  system: FileSystem = disk,
): Promise<void> {
  const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const target = await system.realpath(path).catch(() => path);
  const present = await system.stat(target).catch(() => undefined);
  if (present !== undefined && !present.isFile() && !present.isDirectory()) {
    return withFile(await system.open(target, 'w'), (file) => writePieces(file, pieces));
  }
  if (present?.isDirectory()) throw systemError('EISDIR', `${target} is a folder`);
  const temporary = `${target}.${randomInt(2 ** 47)}`;
  try {
    const file = await system.open(temporary, 'wx', present ? present.mode & 0o7777 : 0o666);
    await withFile(file, async () => {
      if (present) await keepOwner(file, present);
      await writePieces(file, pieces);
      await sync(file);
      const { size } = await file.stat();
      if (size === length) return;
      throw systemError('EIO', `${temporary} has ${size} of ${length} bytes`);
    });
    await system.rename(temporary, target);
  } catch (error) {
    await system.rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(target), system);
}

async function writePieces(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) await writeAll(file, piece);
}

/** Writes all bytes: the system may take a part of them and say so. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(
      bytes,
      done,
      Math.min(CHUNK, bytes.length - done),
      null,
    );
    if (bytesWritten === 0) throw systemError('ENOSPC', 'the disk takes no more bytes');
    done += bytesWritten;
  }
}

async function withFile(
  file: FileHandle,
  work: (file: FileHandle) => Promise<void>,
): Promise<void> {
  try {
    await work(file);
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  // Some disks, those on a network, say only here that they are full.
  await file.close();
}

/** The owner of a file that is replaced, where it was another's and that may be. */
async function keepOwner(file: FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await file.stat();
  if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid).catch(() => {});
}

/** Answers of disks, pipes and folders that cannot be synced; they are as safe as they get. */
const unsyncable = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES', 'EBADF']);

async function sync(file: FileHandle): Promise<void> {
  await file.sync().catch((error: NodeJS.ErrnoException) => {
    if (!unsyncable.has(error.code ?? '')) throw error;
  });
}

/** A name is on the disk when its folder is. */
async function syncFolder(folder: string, system: FileSystem): Promise<void> {
  const handle = await system.open(folder, 'r').catch((error: NodeJS.ErrnoException) => {
    // Windows opens no folders.
    if (unsyncable.has(error.code ?? '') || process.platform === 'win32') return undefined;
    throw error;
  });
  if (handle !== undefined) await withFile(handle, sync);
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
