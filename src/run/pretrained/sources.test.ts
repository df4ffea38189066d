import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../data/fixtures/folder.ts';
import { fetchFiles, sourceAt } from './sources.ts';

const cache = temporaryFolder();
let server: Server;
let address: string;

/** Each path and query is a file of its own; `/moved` leads to another host, `/endless` has no length. */
beforeEach(async () => {
  vi.stubEnv('MDENSITY_DATA', cache);
  server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/moved/')) {
      const { port } = server.address() as AddressInfo;
      return response
        .writeHead(302, { location: `http://localhost:${port}${url.slice('/moved'.length)}` })
        .end();
    }
    if (url === '/endless')
      return response.writeHead(200, { 'transfer-encoding': 'chunked' }).end();
    if (url === '/none') return response.writeHead(404).end();
    const bytes = Buffer.from(`weights of ${url}`);
    return response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

const fetched = async (path: string) => fetchFiles(sourceAt(`${address}${path}`)!);

test.each(['/a/model.pt', '/b/model.pt', '/b/model.pt?of=1', '/b/model.pt?of=2', '/'])(
  '%s is a file of its own, and is fetched once',
  async (path) => {
    const file = await fetched(path);
    expect(readFileSync(file, 'utf8')).toBe(`weights of ${path}`);
    server.close();
    expect(await fetched(path)).toBe(file);
  },
);

test('an address that leads to another host is followed there', async () => {
  const file = await fetched('/moved/c/model.pt');
  expect(readFileSync(file, 'utf8')).toBe('weights of /c/model.pt');
});

test.each([
  ['/none', 'answers HTTP 404', 'not-found'],
  ['/endless', 'does not say how large it is', 'network'],
])('%s: %s', async (path, problem, code) => {
  await expect(fetched(path)).rejects.toMatchObject({
    code,
    message: `${address}${path}: ${problem}; check the address`,
  });
});
