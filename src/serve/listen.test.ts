import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { usualLimits } from './limits.ts';
import { listen } from './listen.ts';
import { testApp, walkAtOnce } from './testing.ts';

async function open(own: ReturnType<typeof testApp>) {
  const place = { host: '127.0.0.1', port: 0, limits: usualLimits };
  const listening = await listen(own.app, place);
  onTestFinished(listening.close);
  const address = listening.address.replace('127.0.0.1', 'localhost');
  const job = async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const url = `${address}/v1/samples`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return ((await response.json()) as { id: string }).id;
  };
  return { ...listening, address, job };
}

const asked = { model: 'digits', chains: 1024, seed: 1, jumpEvery: 1 };

test('an answer that a slow client takes is sent whole before it is quiet', async () => {
  const { address, quiet, close, job } = await open(testApp({ walk: walkAtOnce }));
  // 16 MB: more than what systems keep of a connection.
  const id = await job({ ...asked, steps: 976 });
  const headers = { accept: 'application/x-npy' };
  const request = get(`${address}/v1/samples/${id}/result`, { headers });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.pause();
  await quiet(100);
  const closed = quiet(600_000).then(close);
  let bytes = 0;
  for await (const part of answer) bytes += (part as Buffer).length;
  expect(bytes).toBeGreaterThan(1024 * 976 * 16);
  await closed;
});

test('streams of jobs that are cancelled end with that', async () => {
  const own = testApp();
  const { address, quiet, close, job } = await open(own);
  const id = await job({ ...asked, steps: 4 });
  const response = await fetch(`${address}/v1/samples/${id}/events`);
  own.jobs.cancelAll();
  await quiet(600_000).then(close);
  expect(await response.text()).toMatch(/^event: cancelled$/m);
});

test('what takes no end is not waited for', async () => {
  const own = testApp();
  const { address, quiet, close, job } = await open(own);
  const response = await fetch(`${address}/v1/samples/${await job({ ...asked, steps: 4 })}/events`);
  await quiet(100).then(close);
  await expect(response.text()).rejects.toThrow();
});
