import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, inject, test } from 'vitest';
import { openPage, startBrowser, waitForView } from './testing/browser.ts';

const browser = await startBrowser();

/** A host that passes on what another serves, under a path of its own and without its headers. */
async function plainHost(of: string): Promise<string> {
  const server = createServer(async (request, response) => {
    if (!request.url!.startsWith('/pages/studio/')) return response.writeHead(404).end();
    const found = await fetch(new URL(request.url!.replace('/pages/studio/', ''), of));
    response.writeHead(found.status, { 'content-type': found.headers.get('content-type') ?? '' });
    return response.end(new Uint8Array(await found.arrayBuffer()));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  afterAll(() => server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}/pages/studio/`;
}

test('the page opens under any path of a host that sets no headers', async () => {
  const host = await plainHost(inject('studio'));
  const { page, complaints } = await openPage(browser, `${host}#/walk?v=1&seed=5`);
  await waitForView(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  expect(complaints).toEqual([]);
});

test('there the engine works too, with one thread', async () => {
  const { origin, pathname } = new URL(inject('harness'));
  const host = await plainHost(`${origin}/`);
  const { page, complaints } = await openPage(browser, `${host}${pathname.slice(1)}`);
  const device = await page.evaluate(async () => {
    const { engine } = window;
    const bytes = await engine.fetchBoxModel('mnist');
    const { id, device } = await engine.openModel(bytes, 'mnist');
    await engine.denoise(id, new Float32Array(784));
    return device;
  });
  expect(device).toMatchObject({ device: 'cpu', threads: 1 });
  expect(device.why).toMatch(/^on the processor, one thread \(.+\)$/);
  expect(complaints).toEqual([]);
});
