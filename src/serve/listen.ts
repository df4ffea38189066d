/** The port of a server: opened, and closed when all answers are sent. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { UserError } from '../errors.ts';
import { systemCode } from '../files.ts';
import type { Limits } from './limits.ts';
import type { App } from './sample-routes.ts';

/** Where to listen, and for how long to a request. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
}

/** A port that is listened at. */
export interface Listening {
  readonly address: string;
  /** Waits until no answer is on its way, or so long has passed. */
  quiet(milliseconds: number): Promise<void>;
  /** Ends it at once, and what is on its way. */
  close(): Promise<void>;
}

/** Milliseconds between two looks at what is on its way. */
const LOOK_EVERY = 50;

/**
 * Listens at a port.
 *
 * @throws UserError for a port or an address that cannot be had.
 */
export async function listen(app: App, { host, port, limits }: Place): Promise<Listening> {
  // Node's own count of connections at rest takes an answer for sent when it is written.
  const answers = new Set<ServerResponse>();
  const server = await new Promise<Server>((resolve, reject) => {
    const made = serve(
      {
        fetch: app.fetch,
        port,
        hostname: host,
        createServer,
        serverOptions: {
          headersTimeout: 1000 * limits.headerSeconds,
          requestTimeout: 1000 * limits.requestSeconds,
          connectionsCheckingInterval: 1000,
          maxHeaderSize: 2 ** 14,
        },
      },
      () => resolve(made),
    ) as Server;
    made.once('error', (error) => reject(listenError(error, host, port)));
    made.on('request', (_, answer: ServerResponse) => {
      answers.add(answer);
      answer.once('close', () => answers.delete(answer));
    });
  });
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    address: `http://${address.includes(':') ? `[${address}]` : address}:${taken}`,
    quiet: async (milliseconds) => {
      const until = performance.now() + milliseconds;
      while (answers.size > 0 && performance.now() < until) await sleep(LOOK_EVERY);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listenError(error: Error, host: string, port: number): Error {
  const problems: Readonly<Record<string, readonly [string, string]>> = {
    EADDRINUSE: [`port ${port}: is in use`, 'give another one, or 0 for a free one'],
    EACCES: [`port ${port}: may not be opened by this user`, 'give another one'],
    EADDRNOTAVAIL: [`host ${host}: is no address of this machine`, 'give one that is'],
    ENOTFOUND: [`host ${host}: is no address`, 'give one of this machine'],
  };
  const found = problems[systemCode(error)];
  if (!found) return error;
  const [problem, remedy] = found;
  const option = problem.split(' ')[0];
  return new UserError(`${problem}; ${remedy}`, { cause: error, facts: { option } });
}
