/** The studio of these tests as `mdensity serve` has it: beside a real server, at one address. */
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, inject } from 'vitest';
import { startMdensity, until } from '../../src/cli/testing.ts';

/** A server and the page that comes from it. */
export interface ServedStudio {
  readonly address: string;
  /** Ends the server; the page is there still. */
  kill(): Promise<void>;
}

/** Starts `mdensity serve` with some options. It ends with the test file. */
export async function startServed(...options: readonly string[]): Promise<ServedStudio> {
  const started = startMdensity(['serve', '--port', '0', '--json', ...options]);
  let said = '';
  started.child.stdout!.on('data', (text) => {
    said += text;
  });
  const kill = async () => {
    started.child.kill('SIGKILL');
    await started.done;
  };
  afterAll(kill);
  await until(() => said.includes('\n'));
  const { address } = JSON.parse(said) as { readonly address: string };
  const front = createServer((request, response) => {
    if (request.url!.startsWith('/studio/')) void givePage(request, response);
    else passOn(address, request, response);
  });
  await new Promise<void>((resolve) => {
    front.listen(0, '127.0.0.1', resolve);
  });
  afterAll(() => {
    front.close();
    front.closeAllConnections();
  });
  return { address: `http://localhost:${(front.address() as AddressInfo).port}`, kill };
}

async function givePage(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = await fetch(new URL(request.url!.replace('/studio/', ''), inject('studio')));
  response.writeHead(found.status, { 'content-type': found.headers.get('content-type') ?? '' });
  response.end(new Uint8Array(await found.arrayBuffer()));
}

/** Passes a request on, and its answer piece by piece. A server that is away looks so from here. */
function passOn(address: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = request;
  const passed = ask(new URL(url!, address), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  passed.on('error', () => response.destroy());
  response.on('close', () => passed.destroy());
  request.pipe(passed);
}
