/** A pool whose workers are the machines at a queue. */
import { join, relative } from 'node:path';
import { type Dataset, encodeNpy, readAll } from '../../data/index.ts';
import { type LoadOptions, loadDataset } from '../../data/node/index.ts';
import { writeBytes } from '../../files.ts';
import type { KeptResult, Submitter } from '../../queue/index.ts';
import {
  encodeJson,
  type FileReference,
  getObject,
  putFile,
  putObject,
  type Store,
} from '../../store/index.ts';
import type { Pool, PoolName } from '../pool.ts';
import { type Fields, kindOf, type TaskKind, taskKinds } from './kinds.ts';

/** A queue to send tasks to, and the store that their files go through. */
export interface Remote {
  readonly submitter: Submitter;
  readonly store: Store;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Tasks that wait at a queue at a time: what is more waits here. */
export const IN_FLIGHT = 512;

/**
 * Gives a pool that sends its tasks to a queue. What they read goes to the store before, what they
 * write comes from there after.
 */
export function createRemotePool(name: PoolName, remote: Remote): Pool {
  const { submitter, store } = remote;
  const send = createSender(store);
  const note = noteKinds(remote.onNote);
  return {
    run: async <T>(
      method: string,
      task: unknown,
      onProgress: (progress: { readonly done: number }) => void,
    ) => {
      const kind = kindOf(name, method);
      const fields = task as Fields;
      const job = { kind, ...(await send(fields, taskKinds[kind]!)) };
      const result = await submitter.run(job, (done) => onProgress({ done }));
      note(result.machine);
      return (await take(store, result, fields, taskKinds[kind]!)) as T;
    },
    stop: async () => {},
  };
}

/** Makes a task of this machine one of any: its files are objects of the store. */
function createSender(store: Store) {
  const file = once((path: string) => putFile(store, path, baseOf(path)));
  const data = once(async (text: string) => {
    const [source, options] = JSON.parse(text) as [string, LoadOptions];
    return putDataset(store, await loadDataset(source, options));
  });
  const shared = once((text: string) => putObject(store, new TextEncoder().encode(text)));
  return async (task: Fields, kind: TaskKind) => {
    const fields: Record<string, unknown> = { ...task };
    const folder = String(fields[kind.folder]);
    delete fields[kind.folder];
    for (const key of kind.files) {
      if (typeof fields[key] === 'string') fields[key] = await file(fields[key]);
    }
    const needs: FileReference[] = [];
    for (const name of kind.needs(task)) needs.push(await putFile(store, join(folder, name), name));
    const { source, sourceOptions } = fields;
    delete fields.source;
    delete fields.sourceOptions;
    if (kind.data) fields.source = await data(JSON.stringify([source, sourceOptions]));
    const own = Object.fromEntries(kind.own.map((key) => [key, fields[key]]));
    for (const key of kind.own) delete fields[key];
    const common = await shared(new TextDecoder().decode(encodeJson(fields)));
    return { common, own: needs.length > 0 ? { ...own, needs } : own };
  };
}

/** Keeps the examples of a set as an array in a store, whatever they were read from. */
export async function putDataset(store: Store, dataset: Dataset): Promise<FileReference> {
  const bytes = encodeNpy(readAll(dataset), [dataset.count, ...dataset.shape]);
  const name = `${dataset.name.replace(/[^\w.-]/g, '_')}.npy`;
  return { name, hash: await putObject(store, bytes) };
}

/** Writes the files of a result where the task would have, and gives its value. */
async function take(store: Store, result: KeptResult, task: Fields, kind: TaskKind) {
  const folder = String(task[kind.folder]);
  for (const { name, hash } of result.files) {
    await writeBytes(join(folder, name), await getObject(store, hash));
  }
  return kind.givesPath ? join(folder, String(result.value)) : result.value;
}

/** Says once that results come from machines of two kinds: their bits may differ. */
function noteKinds(onNote: ((note: string) => void) | undefined) {
  const kinds = new Set<string>();
  return (machine: Readonly<Record<string, string>>) => {
    kinds.add(JSON.stringify(machine));
    if (kinds.size !== 2) return;
    onNote?.(
      'workers are of more than one kind (processor or versions), so the last bits of results may depend on who found them',
    );
  };
}

const baseOf = (path: string) => relative(join(path, '..'), path);

/** Does for each text once. A failure is forgotten. */
function once<T>(make: (text: string) => Promise<T>) {
  const made = new Map<string, Promise<T>>();
  return (text: string): Promise<T> => {
    const found = made.get(text) ?? make(text);
    made.set(text, found);
    found.catch(() => made.delete(text));
    return found;
  };
}
