import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { cacheFolder } from '../data/node/index.ts';
import { openRemoteWork } from '../experiment/index.ts';
import { connectQueue, keepResults, serveJobs } from '../queue/index.ts';
import { openStore } from '../store/index.ts';
import { interruptible } from './interrupt.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';

const workerOptions = defineOptions({
  queue: {
    flags: '--queue <redis://...>',
    description: 'queue on Redis or Valkey that work comes from',
    schema: z.string(),
  },
  store: {
    flags: '--store <s3://...|dir>',
    description: 'the store that work is sent with',
    schema: z.string(),
  },
  workers: {
    flags: '--workers <n>',
    description: 'pieces of work at a time, each on a core of its own (default: every core)',
    schema: z.int().min(1).optional(),
  },
  folder: {
    flags: '--folder <dir>',
    description: 'for files of work in hand (default: in the cache)',
    schema: z.string().optional(),
  },
  lock: {
    flags: '--lock <seconds>',
    description: 'after which work is another’s, where this worker is not heard of',
    schema: z.number().min(1).default(30),
  },
  drain: {
    flags: '--drain <seconds>',
    description: 'that work in hand has to end in after SIGTERM, before it is given back',
    schema: z.number().min(0).default(20),
  },
  keepResults: {
    flags: '--keep-results <hours>',
    description: 'that results stay in the store; 0: for ever (default: a week, 168)',
    schema: z.int().min(0).max(1_000_000).default(168),
  },
});

const examples = `
Examples:
  mdensity worker --queue redis://127.0.0.1 --store shared/store
  AWS_ENDPOINT_URL=http://127.0.0.1:7070 mdensity worker --queue redis://127.0.0.1 --store s3://mdensity/lab`;

/** Adds the command `mdensity worker`. */
export function workerCommand(parent: Command): void {
  const command = addOptions(
    parent.command('worker').description('does work that comes from a queue, until it is stopped'),
    workerOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(workerOptions, command);
    const { queue, workers = availableParallelism(), lock, drain, keepResults: hours } = options;
    const store = await openStore(options.store);
    const connection = await connectQueue(queue);
    const folder = options.folder ?? join(cacheFolder(), 'worker');
    const remote = openRemoteWork({ store, folder, workers });
    output.log(`waiting for work at ${connection.where}, ${workers} at a time`);
    try {
      const jobs = await interruptible((signal) => {
        const onNote = (note: string) => output.log(`note: ${note}`);
        const { work } = remote;
        const set = { connection, store, work, lock, drain, concurrency: workers };
        if (hours > 0) void keepResults({ connection, store, hours, signal, onNote });
        return serveJobs({ ...set, signal, onNote });
      });
      output.result({ jobs }, `did ${jobs} pieces of work`);
    } finally {
      await remote.stop();
      await connection.close();
    }
  });
}
