/** Does tasks of experiments that come from a queue. */
import { readdir, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UserError } from '../../errors.ts';
import { makeFolder, writeBytes } from '../../files.ts';
import type { JobResult, Task } from '../../queue/index.ts';
import {
  type FileReference,
  fileOf,
  getObject,
  putFile,
  type Store,
  storeUnder,
} from '../../store/index.ts';
import { createPool, type Pool, type PoolName, type TaskProgress } from '../pool.ts';
import { type TaskKind, taskKinds } from './kinds.ts';

export interface RemoteWorkOptions {
  readonly store: Store;
  /** Where files of the store are kept for the next task, and tasks write. */
  readonly folder: string;
  /** Tasks at a time, each in a process of its own on one core. */
  readonly workers: number;
}

/** Processes that do what comes from a queue. */
export interface RemoteWork {
  /** @throws UserError as the task does, and for one that is not known. */
  work(task: Task): Promise<JobResult>;
  /** Ends the processes. */
  stop(): Promise<void>;
}

/** Opens pools for tasks of all experiments; their processes start with the first task. */
export function openRemoteWork({ store, folder, workers }: RemoteWorkOptions): RemoteWork {
  const pools = new Map<string, Pool>();
  let stopped = false;
  const poolOf = (name: PoolName) => {
    if (stopped) throw new UserError('stopped', { code: 'stopped' });
    const pool = pools.get(name) ?? createPool(name, workers);
    pools.set(name, pool);
    return pool;
  };
  return {
    work: async ({ id, kind, fields, signal, onProgress, onPart, under }) => {
      const about = taskKinds[kind];
      if (!about) {
        throw new UserError(`${kind}: is no work of this version`, {
          code: 'unsupported',
          facts: { kind },
        });
      }
      const [name, method] = kind.split('/') as [PoolName, string];
      // By the job: one that was ended here before goes on where it can.
      const place = join(folder, 'work', id);
      const own = storeUnder(store, under);
      const task = await receive(fields, about, { store: own, folder, place });
      const report = ({ done, part }: TaskProgress) => {
        onProgress(done);
        if (part !== undefined) onPart?.(Buffer.from(part, 'base64'));
      };
      const value = await poolOf(name).run(method, task, report, signal);
      const files = await collect(own, place, given(fields));
      await rm(place, { recursive: true, force: true });
      return { value: about.givesPath ? relative(place, String(value)) : value, files };
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
    },
  };
}

interface Place {
  readonly store: Store;
  readonly folder: string;
  readonly place: string;
}

const given = ({ needs = [] }: Task['fields']) => needs as readonly FileReference[];

/** Makes a task of any machine one of this: its files are here. */
async function receive(
  fields: Task['fields'],
  { files, folder: key, data }: TaskKind,
  { store, folder, place }: Place,
): Promise<unknown> {
  await makeFolder(place);
  const task: Record<string, unknown> = { ...fields, [key]: place };
  for (const name of [...files, ...(data ? ['source'] : [])]) {
    const reference = fields[name] as FileReference | undefined;
    if (reference) task[name] = await fileOf(store, reference, join(folder, 'objects'));
  }
  for (const { name, hash } of given(fields)) {
    await writeBytes(join(place, name), await getObject(store, hash));
  }
  return data ? { ...task, sourceOptions: {} } : task;
}

/** Puts what a task wrote into the store. */
async function collect(
  store: Store,
  place: string,
  before: readonly FileReference[],
): Promise<FileReference[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const had = new Set(before.map(({ name }) => name));
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map((entry) => relative(place, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => !had.has(name))
    .sort();
  const files: FileReference[] = [];
  for (const name of names) files.push(await putFile(store, join(place, name), name));
  return files;
}
