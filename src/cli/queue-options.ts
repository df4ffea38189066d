import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { Remote } from '../experiment/index.ts';
import { connectQueue, openSubmitter, type QueueConnection } from '../queue/index.ts';
import { keepYoung, openStore } from '../store/index.ts';
import { defineOptions, type OptionValues } from './options.ts';

/** Options of work that workers at a queue may do. */
export const queueOptions = defineOptions({
  queue: {
    flags: '--queue <redis://...>',
    description: 'have it done by workers at this queue (mdensity worker); needs --store',
    schema: z.string().optional(),
  },
  store: {
    flags: '--store <s3://...|dir>',
    description: 'what this process and the workers share: a bucket, or a folder that all see',
    schema: z.string().optional(),
  },
  priority: {
    flags: '--priority <n>',
    description: 'at the queue, smaller numbers are done first (default 100)',
    schema: z.int().min(1).max(2_000_000).optional(),
  },
});

type QueueOptions = Pick<OptionValues<typeof queueOptions>, keyof typeof queueOptions>;

/**
 * Opens the queue and the store that options name, for as long as work takes; without a queue,
 * there is none.
 *
 * @throws UserError for one without the other, and as `connectQueue` and `openStore` do.
 */
export async function withRemote<T>(
  { queue, store: name, priority }: QueueOptions,
  onNote: (note: string) => void,
  work: (remote: (Remote & { readonly connection: QueueConnection }) | undefined) => Promise<T>,
): Promise<T> {
  if (queue === undefined && name === undefined) return work(undefined);
  if (queue === undefined || name === undefined) {
    const [there, missing] = queue === undefined ? ['store', 'queue'] : ['queue', 'store'];
    throw new UserError(
      `${there}: goes with --${missing}; give both, as --queue redis://127.0.0.1 --store shared/store`,
      { facts: { option: there } },
    );
  }
  const { store, stop } = keepYoung(await openStore(name), () =>
    onNote(`store ${name}: what this needs was removed from it; start the same again`),
  );
  const connection = await connectQueue(queue);
  try {
    const submitter = await openSubmitter({ connection, store, priority, onNote });
    return await work({ submitter, store, onNote, connection }).finally(submitter.close);
  } finally {
    stop();
    await connection.close();
  }
}
