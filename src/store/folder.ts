/** A folder as a store, on one disk or one that machines share. Needs Node. */
import { randomInt } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { makeFolder, readError, systemCode, writeError } from '../files.ts';
import type { Store } from './store.ts';

/**
 * Opens a folder as a store, or makes it.
 * @throws UserError where it cannot be written, or its disk has no hard links.
 */
export async function openFolderStore(folder: string): Promise<Store> {
  const store: Store = {
    name: folder,
    read: async (key) => {
      const path = join(folder, key);
      try {
        return await readFile(path);
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw readError(error, path);
      }
    },
    create: (key, bytes) => createFile(join(folder, key), bytes),
    remove: (key) => rm(join(folder, key), { force: true }),
  };
  // Others may open it at this moment: nothing is looked at and then taken away.
  await store.create('probe', new Uint8Array());
  return store;
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
