/** A folder as a store, on one disk or one that machines share. Needs Node. */
import { randomInt } from 'node:crypto';
import { link, open, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { makeFolder, readError, systemCode, writeError } from '../files.ts';
import type { Store, StoreEntry } from './store.ts';

/**
 * Opens a folder as a store, or makes it.
 * @throws UserError where it cannot be written, or its disk has no hard links.
 */
export async function openFolderStore(folder: string): Promise<Store> {
  const store: Store = {
    name: folder,
    read: async (key) => {
      const path = join(folder, key);
      return ifThere(path, () => readFile(path));
    },
    create: (key, bytes) => createFile(join(folder, key), bytes),
    remove: (key) => rm(join(folder, key), { force: true }),
    list: (below) => listFolder(folder, below),
    modified: (key) => modifiedOf(join(folder, key)),
    touch: async (key) => {
      const path = join(folder, key);
      const now = new Date();
      const touched = ifThere(path, () => utimes(path, now, now).then(() => true));
      return (await touched) ?? false;
    },
  };
  // Others may open it at this moment: nothing is looked at and then taken away.
  await store.create('probe', new Uint8Array());
  return store;
}

/** Gives what a file says, unless there is none. */
async function ifThere<T>(path: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw readError(error, path);
  }
}

const modifiedOf = (path: string) => ifThere(path, async () => (await stat(path)).mtime);

/** Lists files; what is removed meanwhile is left out. */
async function* listFolder(
  folder: string,
  below: string,
): AsyncGenerator<StoreEntry, void, undefined> {
  const path = join(folder, below);
  const entries = await ifThere(path, () => readdir(path, { withFileTypes: true }));
  for (const entry of entries ?? []) {
    const key = `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* listFolder(folder, key);
    else {
      const modified = await modifiedOf(join(folder, key));
      if (modified) yield { key, modified };
    }
  }
}

/** A link takes a name only if it is free, and the bytes are whole and synced by then. */
async function createFile(path: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = `${path}.${randomInt(2 ** 47)}`;
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    if (code === 'ENOTSUP' || code === 'ENOSYS') {
      throw new UserError(
        `store ${dirname(path)}: its disk has no hard links, so two could write one name; give a folder on another disk, or s3://bucket/prefix`,
        { code: 'unsupported', facts: { option: 'store', path }, cause: error },
      );
    }
    throw writeError(error, path);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
