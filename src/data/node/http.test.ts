import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { headUrl, openUrl } from './http.ts';

const servers: Server[] = [];

/** Starts a server on this machine; each has an origin of its own. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

const options = { headers: { authorization: 'Bearer secret', 'x-own': '1' }, stallTimeout: 10_000 };

/** A server that notes what it is told, and one that redirects to it. */
async function redirected(headers: Readonly<Record<string, string>> = {}) {
  const told: (string | undefined)[] = [];
  const bytes = Buffer.from('seven b');
  const to = await serve(({ headers: got }, response) => {
    told.push(`${got.authorization} ${got['x-own']}`);
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  const from = await serve(({ headers: got, url }, response) => {
    told.push(`${got.authorization} ${got['x-own']}`);
    const location = url === '/first' ? '/second' : `${to}/file`;
    response.writeHead(302, { location, ...headers }).end('moved');
  });
  return { told, address: `${from}/first` };
}

const wanted = ['Bearer secret 1', 'Bearer secret 1', 'undefined 1'];

test('another origin, be it another port of the same host, is not told who asks', async () => {
  const { told, address } = await redirected();
  const response = await openUrl(address, options);
  response.resume();
  expect([response.statusCode, ...told]).toEqual([200, ...wanted]);
});

test('a HEAD follows to another origin for the length, without telling who asks', async () => {
  const { told, address } = await redirected();
  const { statusCode, headers } = await headUrl(address, options);
  expect([statusCode, headers['content-length'], ...told]).toEqual([200, '7', ...wanted]);
});

test('a HEAD that is told the length on the way goes no further', async () => {
  const { told, address } = await redirected({ 'x-linked-size': '7' });
  const { statusCode, headers } = await headUrl(address, options);
  expect([statusCode, headers['x-linked-size'], headers['content-length']]).toEqual([
    200,
    '7',
    undefined,
  ]);
  expect(told).toEqual(wanted.slice(0, 2));
});
