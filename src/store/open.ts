import { UserError } from '../errors.ts';
import { openFolderStore } from './folder.ts';
import { openS3Store } from './s3.ts';
import type { Store } from './store.ts';

/**
 * Opens a store by its name: `s3://bucket/prefix`, or a folder.
 * @throws UserError for what is neither, and for a store that cannot be used.
 */
export async function openStore(name: string): Promise<Store> {
  if (name.startsWith('s3:')) return openS3Store(name);
  const scheme = /^(\w+):\/\//.exec(name)?.[1];
  if (scheme === undefined) return openFolderStore(name);
  throw new UserError(`store ${name}: ${scheme} is no store; give s3://bucket/prefix or a folder`, {
    facts: { option: 'store', value: name },
  });
}
