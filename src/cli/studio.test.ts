import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { serveStudio } from './studio.ts';
import { mdensity, refusal, workFolder } from './testing.ts';

const work = workFolder();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Serves a folder with these files, all of them `text`. */
async function serve(...names: readonly string[]): Promise<{ port: number; address: string }> {
  const folder = join(work, 'page');
  await mkdir(folder, { recursive: true });
  for (const name of names) await writeFile(join(folder, name), 'text');
  const server = await serveStudio(0, folder);
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return { port, address: `http://localhost:${port}/` };
}

test.each([
  ['index.html', 'text/html'],
  ['engine.wasm', 'application/wasm'],
  ['engine.mjs', 'text/javascript'],
  ['notices.txt', /^text\/plain; charset=utf-8$/],
  ['engine.js', 'text/javascript'],
])(
  '%s is served as %s, and the page is isolated, so that it may have threads',
  async (name, type) => {
    const { address } = await serve(name);
    const { status, headers } = await fetch(`${address}${name}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(type);
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  },
);

test('what is not there is a 404, and nothing outside of the folder is there', async () => {
  const { address } = await serve('index.html');
  expect((await fetch(`${address}missing.js`)).status).toBe(404);
  await writeFile(join(work, 'secret.txt'), 'secret');
  expect((await fetch(`${address}%2e%2e/secret.txt`)).status).toBe(404);
});

test('a port in use, one that there is not, and a studio that is not built are one line', async () => {
  const { port } = await serve('index.html');
  await expect(serveStudio(port, work)).rejects.toThrow(
    `--port ${port}: is in use, perhaps by another studio; give another one, or 0 for a free one`,
  );
  expect(await refusal('studio', '--port', '70000')).toMatch(/^--port: must be at most 65535/);
  await rm(join(work, 'none'), { recursive: true, force: true });
  await expect(serveStudio(0, join(work, 'none'))).rejects.toThrow(/not built; run npm run build/);
});

test('the command is listed with the others', async () => {
  expect((await mdensity('--help')).stdout).toMatch(/^ {2}studio /m);
});
