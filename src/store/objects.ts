/** Bytes and values by the hash of what they are. Needs Node. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import type { Store } from './store.ts';

/** Names bytes by their SHA-256, in hex. */
export const hashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

const keyOf = (hash: string) => `objects/${hash.slice(0, 2)}/${hash}`;

/** Keeps bytes in a store under their hash, as new as any, and gives it. */
export async function putObject(store: Store, bytes: Uint8Array): Promise<string> {
  const hash = hashOf(bytes);
  // What is old may be let go of between the two.
  while (!((await store.create(keyOf(hash), bytes)) || (await store.touch(keyOf(hash)))));
  return hash;
}

/** Makes an object as young as a new one; tells whether it is there. */
export const touchObject = (store: Store, hash: string) => store.touch(keyOf(hash));

/** Reads bytes by their hash. @throws UserError where they are missing or are other bytes. */
export async function getObject(store: Store, hash: string): Promise<Uint8Array> {
  const bytes = await store.read(keyOf(hash));
  const facts = { option: 'store', value: store.name, hash };
  if (bytes === undefined) {
    throw new UserError(
      `store ${store.name}: object ${hash.slice(0, 12)} is missing; give the store that the work was sent with`,
      { code: 'not-found', facts },
    );
  }
  if (hashOf(bytes) === hash) return bytes;
  throw new UserError(
    `store ${store.name}: object ${hash.slice(0, 12)} holds other bytes than it should; remove it and start the same again`,
    { code: 'checksum', facts },
  );
}

/** Gives the name that a store has for all who use it, by whatever path they know it. */
export async function identityOf(store: Store): Promise<string> {
  const own = new TextEncoder().encode(randomUUID());
  const kept = (await store.read('identity')) ?? ((await store.create('identity', own)) && own);
  return new TextDecoder().decode(kept || (await store.read('identity')));
}

/** Removes bytes that nothing will ask for any more. */
export const removeObject = (store: Store, hash: string) => store.remove(keyOf(hash));

/** A file in a store: its name, and the hash of its bytes. */
export interface FileReference {
  readonly name: string;
  readonly hash: string;
}

/** Keeps a file of this machine in a store. */
export async function putFile(store: Store, path: string, name: string): Promise<FileReference> {
  return { name, hash: await putObject(store, await readBytes(path)) };
}

/**
 * Gives a file of a store as one of this machine, in a folder where it is kept for the next time.
 */
export async function fileOf(
  store: Store,
  { name, hash }: FileReference,
  cache: string,
): Promise<string> {
  const path = join(cache, hash, name);
  if (!existsSync(path)) await writeBytes(path, await getObject(store, hash));
  return path;
}

/** Writes a value as JSON with its keys in order: equal values are equal bytes. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(value, (_, item) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
        : item,
    ),
  );
}

/** Reads what `encodeJson` wrote. */
export const decodeJson = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder().decode(bytes));
