import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { childrenOf, until, workFolder } from '../cli/testing.ts';
import { createClient, ProblemError } from '../client/index.ts';
import { decodeNpy } from '../data/index.ts';
import { openModel } from '../run/index.ts';
import { collect, walkJump } from '../sample/index.ts';
import { type SampleServer, type ServerOptions, startServer } from './index.ts';
import { smallModel } from './testing.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const start = (options: ServerOptions = {}) =>
  startServer({ port: 0, models: ['mnist'], workers: 1, log, ...options });

let server: SampleServer;
beforeAll(async () => {
  server = await start();
});
afterAll(() => server.stop());

const client = () => createClient({ url: server.address });
const small = { model: 'mnist', chains: 2, steps: 6, jumpEvery: 2, seed: 3 } as const;

const post = (body: unknown, headers: Record<string, string> = {}, { address } = server) =>
  fetch(`${address}/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

async function ofLibrary(): Promise<Float32Array> {
  const model = await openModel('mnist', { threads: 1 });
  const { model: _, ...walk } = small;
  const { data } = await collect(walkJump(model, walk));
  await model.release();
  return data;
}

describe('samples by HTTP', () => {
  test('are those of the library, bit for bit, alone and beside others', async () => {
    const bytes = Buffer.from((await ofLibrary()).buffer);
    const ask = async () => {
      const npy = await post(small, { prefer: 'wait=300', accept: 'application/x-npy' });
      const { data, shape } = decodeNpy(new Uint8Array(await npy.arrayBuffer()), 'answer');
      expect(shape).toEqual([2, 3, 1, 28, 28]);
      return Buffer.from(Float32Array.from(data as Float32Array).buffer);
    };
    expect((await ask()).equals(bytes)).toBe(true);
    const others = [1, 2, 3].map((seed) => post({ ...small, chains: seed, seed }));
    const same = await Promise.all([ask(), ask()]);
    expect(same.map((own) => own.equals(bytes))).toEqual([true, true]);
    await Promise.all(others);
  });

  test('come jump by jump to the client, whose connection may be lost', async () => {
    let lost = 0;
    // Ends the stream after the first event with an id, twice.
    const fetchLosing = async (request: Request) => {
      const response = await fetch(request);
      if (!request.url.endsWith('/events') || lost === 2) return response;
      lost += 1;
      const reader = response.body!.getReader();
      let text = '';
      while (!/^id: /m.test(text)) {
        const { value, done } = await reader.read();
        if (done) break;
        text += new TextDecoder().decode(value);
      }
      await reader.cancel();
      return new Response(
        `${text.slice(0, text.indexOf('id: '))}id: ${/id: (.*)/.exec(text)![1]}\n\n`,
      );
    };
    const { sample } = createClient({ url: server.address, fetch: fetchLosing });
    const job = await sample(small);
    expect(job).toMatchObject({ seed: 3, shape: [2, 3, 1, 28, 28] });
    const jumps = [];
    for await (const jump of job.jumps()) jumps.push(jump);
    expect(lost).toBe(2);
    expect(jumps.map(({ jump, step }) => [jump, step])).toEqual([
      [1, 2],
      [2, 4],
      [3, 6],
    ]);
    const taken = await client().job(job.id);
    expect(await taken.samples()).toEqual(await ofLibrary());
    const png = await taken.file('png');
    expect(png.type).toBe('image/png');
  });

  test('are refused with a reason', async () => {
    const error = await client()
      .sample({ model: 'mnits' })
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProblemError);
    expect((error as ProblemError).problem).toMatchObject({ status: 422, code: 'not-found' });
    const level = await client().sample({ ...small, sigma: 9 });
    await expect(level.samples()).rejects.toMatchObject({
      problem: { code: 'level', status: 422 },
    });
    expect((await client().models()).map(({ name }) => name)).toEqual(['mnist']);
  });
});

/** Processes that this one started and that live: `ps`, which finds them, does not. */
const walkers = () =>
  childrenOf(process.pid).filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });

/** A walk that nobody waits for to end. */
const long = { model: 'mnist', chains: 1, steps: 100_000, jumpEvery: 1000 } as const;

test('who leaves while it waits ends its walk, who cancels too, and the process lives', async () => {
  const before = walkers();
  const controller = new AbortController();
  const waiting = fetch(`${server.address}/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=300' },
    body: JSON.stringify(long),
    signal: controller.signal,
  }).catch(() => undefined);
  const running = async () =>
    /^mdensity_jobs_running (\d+)$/m.exec(
      await (await fetch(`${server.address}/metrics`)).text(),
    )?.[1];
  await until(async () => (await running()) === '1');
  controller.abort();
  await waiting;
  await until(async () => (await running()) === '0');
  const job = await client().sample(long);
  await until(async () => (await job.describe()).progress.done > 0);
  await job.cancel();
  await expect(job.samples()).rejects.toMatchObject({ problem: { code: 'stopped' } });
  expect(walkers()).toEqual(before);
  expect((await client().sample(small)).seed).toBe(3);
});

test('a process that dies is started again, and its jobs are walked once more', async () => {
  const before = new Set(walkers());
  const own = await start();
  onTestFinished(() => own.stop());
  const [started] = walkers().filter((pid) => !before.has(pid));
  const job = await createClient({ url: own.address }).sample({ ...small, steps: 40 });
  await until(async () => (await job.describe()).jumps > 0);
  process.kill(started!, 'SIGKILL');
  const whole = await job.samples();
  const again = await (
    await createClient({ url: server.address }).sample({ ...small, steps: 40 })
  ).samples();
  expect(Buffer.from(whole.buffer).equals(Buffer.from(again.buffer))).toBe(true);
});

test('a model whose file is replaced is opened anew', async () => {
  const path = join(workFolder(), 'changing.onnx');
  const asked = { model: 'changing', chains: 2, steps: 6, jumpEvery: 2, seed: 3 };
  writeFileSync(path, smallModel(0.5));
  const own = await start({ models: [path] });
  onTestFinished(() => own.stop());
  const ask = async () =>
    (await createClient({ url: own.address }).sample(asked)).samples().then(Array.from);
  const ofLibraryNow = async () => {
    const model = await openModel(path, { threads: 1 });
    const { data } = await collect(walkJump(model, { ...asked, measurements: 1 }));
    await model.release();
    return Array.from(data);
  };
  const first = await ask();
  expect(first).toEqual(await ofLibraryNow());
  writeFileSync(path, smallModel(0.25));
  const second = await ask();
  expect(second).not.toEqual(first);
  expect(second).toEqual(await ofLibraryNow());
});

/** Writes bytes to the server, and gives what it answers until it hangs up. */
function raw(
  { address }: SampleServer,
  write: (send: (text: string) => void) => void,
): Promise<string> {
  const { port } = new URL(address);
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection(Number(port), '127.0.0.1');
    socket.on('data', (bytes) => {
      answer += String(bytes);
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
    write((text) => {
      if (!socket.destroyed) socket.write(text);
    });
  });
}

const head = (more: string) =>
  `POST /v1/samples HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;

test('nonsense, endless and slow requests are ended, and the server goes on', async () => {
  const own = await start({ limits: { headerSeconds: 0.5, requestSeconds: 1 } });
  onTestFinished(() => own.stop());
  expect(await raw(own, (send) => send('\u0000\u0001 nonsense\r\n\r\n'))).toMatch(
    /^HTTP\/1.1 400 /,
  );
  const claimed = await raw(own, (send) => send(head('Content-Length: 99999999999')));
  expect(claimed).toMatch(/^HTTP\/1.1 413 [\s\S]*"code":"body"/);
  const endless = raw(own, (send) => {
    send(head('Transfer-Encoding: chunked'));
    const timer = setInterval(() => send(`4000\r\n${'a'.repeat(0x4000)}\r\n`), 1);
    setTimeout(() => clearInterval(timer), 5_000);
  });
  expect(await endless).toMatch(/^HTTP\/1.1 413 /);
  const slow = raw(own, (send) => send(head('Content-Length: 10')));
  const slower = raw(own, (send) => send('POST /v1/samples HTTP/1.1\r\nX-Slow: '));
  expect(await slower).toMatch(/^HTTP\/1.1 408 /);
  expect((await fetch(`${own.address}/livez`)).status).toBe(200);
  expect((await post(small, {}, own)).status).toBe(202);
  expect(await slow).toMatch(/^HTTP\/1.1 408 /);
});

test('a server that drains finishes what was begun, and takes nothing new', async () => {
  const own = await start();
  const job = await (await post({ ...small, steps: 40 }, {}, own)).json();
  const waiting = fetch(`${own.address}${job.links.events}`).then((response) => response.text());
  await sleep(0);
  const ended = own.drain(600);
  const refused = await post(small, {}, own);
  expect(refused.status).toBe(503);
  expect(await waiting).toMatch(/^event: done$/m);
  await ended;
  await expect(post(small, {}, own)).rejects.toThrow();
});

describe('a start', () => {
  test('is refused in one line for a port in use, an open address and a model that is not there', async () => {
    const { port } = new URL(server.address);
    await expect(start({ port: Number(port) })).rejects.toThrow(
      /port \d+: is in use; give another/,
    );
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow(/set MDENSITY_API_KEYS/);
    await expect(start({ keys: 'short' })).rejects.toThrow(/key-1 has 5 characters/);
    const missing = join(workFolder(), 'none.onnx');
    await expect(start({ models: [missing] })).rejects.toMatchObject({ code: 'not-found' });
  });
});
