import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Command } from 'commander';
import sirv from 'sirv';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { isFolder, systemCode } from '../files.ts';
import { packagePath } from '../package-folder.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';

const studioOptions = defineOptions({
  port: {
    flags: '--port <n>',
    description: 'port on this machine; 0 takes a free one',
    schema: z.int().min(0).max(65_535).default(7357),
  },
});

const examples = `
Examples:
  mdensity studio
  mdensity studio --port 8080

The page does all of its work by itself: any static host can serve the folder dist/studio as well.`;

/** Adds the command `mdensity studio`. */
export function studioCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('studio')
      .description('serve the studio: densities seen, walked and learned in the browser'),
    studioOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const { port } = await readOptions(studioOptions, command);
    const server = await serveStudio(port);
    const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
    output.result({ address }, `mdensity studio: ${address}`);
    output.log('Ctrl-C stops it.');
    await untilStopped(server);
  });
}

/**
 * Starts a server of the built studio that this machine alone can reach.
 *
 * @throws UserError when the port is taken or may not be had, or the studio was not built.
 */
export async function serveStudio(
  port: number,
  folder = packagePath('dist', 'studio'),
): Promise<Server> {
  if (!isFolder(folder)) {
    throw new UserError(`${folder}: the studio is not built; run npm run build`);
  }
  const files = sirv(folder, { etag: true, setHeaders });
  const server = createServer((request, response) => {
    files(request, response, () => {
      response.writeHead(404).end('not found');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** Headers that let the page have shared memory, and with it threads; and texts their letters. */
function setHeaders(
  response: { setHeader(name: string, value: string): unknown },
  path: string,
): void {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  if (path.endsWith('.txt')) response.setHeader('Content-Type', 'text/plain; charset=utf-8');
}

function listenError(error: Error, port: number): Error {
  const problems: Readonly<Record<string, string>> = {
    EADDRINUSE: 'is in use, perhaps by another studio',
    EACCES: 'may not be opened by this user',
  };
  const problem = problems[systemCode(error)];
  if (problem === undefined) return error;
  return new UserError(`--port ${port}: ${problem}; give another one, or 0 for a free one`, {
    cause: error,
  });
}

/** Until Ctrl-C, which is how a server ends. */
async function untilStopped(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  server.close();
  server.closeAllConnections();
}
