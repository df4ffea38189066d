import type { Store } from './store.ts';

/** Gives the part of a store below a prefix, a store of its own; all of it where none is given. */
export function storeUnder(store: Store, prefix: string | undefined): Store {
  if (prefix === undefined) return store;
  const at = (key: string) => `${prefix}/${key}`;
  return {
    name: store.name,
    read: (key) => store.read(at(key)),
    create: (key, bytes) => store.create(at(key), bytes),
    remove: (key) => store.remove(at(key)),
    async *list(folder) {
      for await (const { key, modified } of store.list(at(folder))) {
        yield { key: key.slice(prefix.length + 1), modified };
      }
    },
    modified: (key) => store.modified(at(key)),
    touch: (key) => store.touch(at(key)),
  };
}
