/** Workers of this machine, where there is no queue. */
import { join } from 'node:path';
import { openRemoteWork } from '../experiment/index.ts';
import { idOf, type Submitter } from '../queue/index.ts';
import { decodeJson, getObject, type Store, storeUnder } from '../store/index.ts';

/** Does jobs in processes of this machine, by the same way as workers at a queue. */
export function openLocalSubmitter(store: Store, directory: string, workers: number): Submitter {
  const { work, stop } = openRemoteWork({ store, folder: join(directory, 'work'), workers });
  const over = new AbortController();
  return {
    run: async (job, onProgress = () => {}) => {
      const common = decodeJson(
        await getObject(storeUnder(store, job.under), job.common),
      ) as object;
      const fields = { ...common, ...job.own };
      const { kind, under } = job;
      const told = (done: number) => onProgress(done, 0);
      const task = { id: idOf(job), kind, under, fields, signal: over.signal, onProgress: told };
      const { value, files } = await work(task);
      return { value, files: [...files], machine: {} };
    },
    forget: async () => {},
    patiently: (work) => work(),
    workers: async () => workers,
    close: async () => {
      over.abort();
      await stop();
    },
  };
}
