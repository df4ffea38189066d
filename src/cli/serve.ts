import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { listOf } from './list-option.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';
import { queueOptions, withRemote } from './queue-options.ts';

const serveOptions = defineOptions({
  port: {
    flags: '--port <n>',
    description: 'port; 0 takes a free one',
    schema: z.int().min(0).max(65_535).default(7358),
  },
  host: {
    flags: '--host <address>',
    description:
      'address to listen at; any but this machine’s own needs MDENSITY_API_KEYS (default 127.0.0.1)',
    schema: z.string().optional(),
  },
  models: {
    flags: '--models <run|name|file.onnx,…>',
    description: 'models to serve (default: those of the box and of the folder runs)',
    schema: listOf(z.string()),
  },
  workers: {
    flags: '--workers <n>',
    description: 'processes that walk (default: one a core)',
    schema: z.int().min(1).max(1024).optional(),
  },
  queueLimit: {
    flags: '--queue-limit <n>',
    description: 'jobs that may wait; more are told to come again',
    schema: z.int().min(1).default(64),
  },
  perKey: {
    flags: '--per-key <n>',
    description: 'jobs of one API key that may be unfinished',
    schema: z.int().min(1).default(32),
  },
  maxUpdates: {
    flags: '--max-updates <n>',
    description: 'chains × steps of one job',
    schema: z.int().min(1).default(1_000_000),
  },
  keep: {
    flags: '--keep <seconds>',
    description: 'seconds for which samples can be fetched',
    schema: z.int().min(1).default(600),
  },
  drain: {
    flags: '--drain <seconds>',
    description: 'on SIGTERM and Ctrl-C: seconds in which what was begun is finished',
    schema: z.int().min(0).default(25),
  },
  ...queueOptions,
});

const examples = `
Examples:
  mdensity serve
  mdensity serve --models mnist,runs/digits --workers 2
  MDENSITY_API_KEYS=alice=$(openssl rand -hex 16) mdensity serve --host 0.0.0.0
  mdensity serve --queue redis://queue.lab --store s3://mdensity/work

GET /docs describes the requests and tries them, /openapi.json is for programs, /studio/ is the studio.
Logs are lines of JSON on stderr.`;

/** Adds the command `mdensity serve`. */
export function serveCommand(parent: Command): void {
  const command = addOptions(
    parent.command('serve').description('sample models by HTTP: jobs, streams, many clients'),
    serveOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(serveOptions, command);
    const { port, host, models, workers, queueLimit, perKey, maxUpdates, keep, drain } = options;
    if (options.queue !== undefined && workers !== undefined) {
      throw new UserError('workers: are those of the queue, each with its own; leave it out', {
        code: 'mismatch',
        facts: { option: 'workers', value: workers },
      });
    }
    // What a server needs is loaded for this command alone.
    const { createLog, startServer } = await import('../serve/index.ts');
    const log = createLog();
    const onNote = (note: string) => log.warn({}, note);
    await withRemote(options, onNote, async (queue) => {
      const server = await startServer({
        port,
        models,
        queue,
        log,
        ...(host !== undefined && { host }),
        ...(workers !== undefined && { workers }),
        keys: process.env.MDENSITY_API_KEYS,
        limits: { queue: queueLimit, perKey, updates: maxUpdates, keepSeconds: keep },
      });
      const { address } = server;
      output.result({ address }, `mdensity serve: ${address}/docs`);
      await stopSignal();
      output.log(`finishing what was begun, for at most ${drain} s; again to end now`);
      await Promise.race([server.drain(drain), stopSignal().then(() => server.stop())]);
    });
  });
}

const stopSignal = () =>
  new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
