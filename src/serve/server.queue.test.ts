/** A server whose walks are done by workers at a queue, processes of their own, one of them killed. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { childrenOf, gone, refusal, startMdensity, until, workFolder } from '../cli/testing.ts';
import { createClient } from '../client/index.ts';
import { connectQueue, openSubmitter } from '../queue/index.ts';
import { s3Environment, startRedis, startS3, type TestServer } from '../queue/testing.ts';
import { openStore } from '../store/index.ts';
import { type SampleServer, type ServerOptions, startServer } from './index.ts';
import { smallModel } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
process.env.MDENSITY_DATA = at('cache');
const log = { info: () => {}, warn: () => {}, error: () => {} };
const models = ['mnist', 'mnist-family', at('small.onnx')];

let redis: TestServer;
let server: SampleServer;
let local: SampleServer;
const url = () => `redis://127.0.0.1:${redis.port}`;
type Started = ReturnType<typeof startMdensity>;
const workers: Started[] = [];
function startWorker(): void {
  const folder = at(`worker-${workers.length}-${process.pid}`);
  const remote = ['--queue', url(), '--store', at('store')];
  workers.push(
    startMdensity(['worker', ...remote, '--workers', '1', '--lock', '2', '--folder', folder]),
  );
}

/** A server at the queue. */
async function atQueue(options: ServerOptions = {}): Promise<SampleServer> {
  const store = await openStore(at('store'));
  const connection = await connectQueue(url());
  const submitter = await openSubmitter({ connection, store, lookEvery: 300 });
  const own = await startServer({
    port: 0,
    models,
    log,
    queue: { store, connection, submitter },
    ...options,
  });
  const stop = async () => {
    await own.stop();
    await submitter.close();
    await connection.close();
  };
  return { ...own, stop };
}

beforeAll(async () => {
  writeFileSync(at('small.onnx'), smallModel(0.5));
  redis = await startRedis();
  server = await atQueue();
  local = await startServer({ port: 0, models, log, workers: 1 });
});
afterAll(async () => {
  await Promise.all([server.stop(), local.stop()]);
  for (const { child } of workers) child.kill('SIGKILL');
  await Promise.all(workers.map(({ done }) => done));
});

const small = { model: 'small', chains: 3, steps: 60, seed: 4 } as const;
const walk = { model: 'mnist', chains: 2, steps: 200, jumpEvery: 50, burnIn: 3 } as const;
const client = ({ address }: SampleServer) => createClient({ url: address });
const samples = async (
  of: SampleServer,
  asked: Parameters<ReturnType<typeof client>['sample']>[0],
) => Buffer.from((await (await client(of).sample(asked)).samples()).buffer);

test('a full queue answers 429 with the seconds that its work takes, and a job can be taken back', async () => {
  const own = await atQueue({ limits: { queue: 1 } });
  onTestFinished(own.stop);
  // No worker has come: 10 · (200 + 10 jumps) rows at the 10 ms of what nobody has measured.
  const asked = { model: 'small', chains: 10, steps: 200, seed: 1 };
  const job = await client(own).sample(asked);
  await expect(client(own).sample({ ...asked, seed: 2 })).rejects.toMatchObject({
    retryAfter: 21,
    problem: { status: 429 },
  });
  expect((await job.describe()).status).toBe('queued');
  await job.cancel();
  expect((await client(own).sample({ ...asked, seed: 2 })).seed).toBe(2);
});

test('samples are those of a server that walks by itself, to the byte, jump by jump', async () => {
  startWorker();
  startWorker();
  const family = { model: 'mnist-family', chains: 3, steps: 20, jumpEvery: 10, seed: 1 };
  for (const asked of [small, { ...small, kernel: 'baoab', stepSize: 0.3 } as const, family]) {
    expect((await samples(server, asked)).equals(await samples(local, asked))).toBe(true);
  }
  const steps = [];
  const job = await client(server).sample({ ...small, burnIn: 5, jumpEvery: 30 });
  for await (const { jump, step } of job.jumps()) steps.push([jump, step]);
  expect(steps).toEqual([
    [1, 35],
    [2, 65],
  ]);
});

test('jumps come while the walk goes on, which ends when it is taken back', async () => {
  // It would take an hour.
  const endless = { model: 'mnist', chains: 2, steps: 400_000, jumpEvery: 20, seed: 3 } as const;
  const job = await client(server).sample(endless);
  const short = await (await client(local).sample({ ...endless, steps: 60 })).samples();
  const found: number[] = [];
  for await (const { jump, step, xhat } of job.jumps()) {
    found.push(jump);
    expect(step).toBe(20 * jump);
    for (const chain of [0, 1]) {
      const own = xhat.slice(784 * chain, 784 * (chain + 1));
      const first = 784 * (3 * chain + jump - 1);
      expect(own).toEqual(short.slice(first, first + 784));
    }
    if (jump === 3) break;
  }
  expect(found).toEqual([1, 2, 3]);
  expect((await job.describe()).status).toBe('running');
  await job.cancel();
  await expect(job.samples()).rejects.toMatchObject({ problem: { code: 'stopped' } });
  const store = await openStore(at('store'));
  await until(async () => (await store.list('parts').next()).done === true);
});

test('a worker that is killed between two jumps neither doubles nor loses one', async () => {
  const asked = { model: 'mnist', chains: 2, steps: 400, jumpEvery: 25, seed: 12 } as const;
  const whole = await samples(local, asked);
  const job = await client(server).sample(asked);
  const found: number[] = [];
  for await (const { jump } of job.jumps()) {
    found.push(jump);
    if (jump === 2) break;
  }
  // Of the two workers one walks, and whichever it is dies.
  for (const victim of workers.splice(0)) {
    const children = childrenOf(victim.child.pid);
    victim.child.kill('SIGKILL');
    await victim.done;
    await gone(children);
  }
  startWorker();
  startWorker();
  for await (const { jump } of job.jumps({ after: 2 })) found.push(jump);
  expect(found).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(Buffer.from((await job.samples()).buffer).equals(whole)).toBe(true);
});

test('a worker that is killed in the middle of a walk loses nothing', async () => {
  const asked = [1, 2].map((seed) => ({ ...walk, seed }));
  const jobs = await Promise.all(asked.map((one) => client(server).sample(one)));
  const results = jobs.map((job) => job.samples());
  const statuses = () => Promise.all(jobs.map(async (job) => (await job.describe()).status));
  await until(async () => (await statuses()).every((status) => status === 'running'));
  const [victim] = workers.splice(0, 1);
  const children = childrenOf(victim!.child.pid);
  victim!.child.kill('SIGKILL');
  await victim!.done;
  await gone(children);
  for (const [i, one] of asked.entries()) {
    const bytes = Buffer.from((await results[i]!).buffer);
    expect(bytes.equals(await samples(local, one))).toBe(true);
  }
});

test('what was found before is taken from the store, and costs are known by then', async () => {
  for (const { child, done } of workers.splice(0)) {
    child.kill('SIGTERM');
    await done;
  }
  expect((await samples(server, { ...walk, seed: 1 })).length).toBe(4 * 2 * 4 * 784);
  const metrics = await (await fetch(`${server.address}/metrics`)).text();
  expect(Number(/^mdensity_run_rows_total (\d+)/m.exec(metrics)![1])).toBeGreaterThanOrEqual(
    2 * 2 * (203 + 4),
  );
  startWorker();
});

test('a walk that is cancelled ends in its worker, which is free for the next', async () => {
  const job = await client(server).sample({ ...walk, steps: 400_000, jumpEvery: 400_000, seed: 9 });
  await until(async () => (await job.describe()).status === 'running');
  await job.cancel();
  await expect(job.samples()).rejects.toMatchObject({ problem: { code: 'stopped' } });
  expect((await samples(server, { ...small, seed: 5 })).length).toBe(4 * 3 * 3 * 4);
});

test('what a worker refuses is the problem of the job', async () => {
  const job = await client(server).sample({ ...small, sigma: 9 });
  await expect(job.samples()).rejects.toMatchObject({ problem: { code: 'level', status: 422 } });
});

test('it is not ready, in words, while Redis or the store is away, and is again', async () => {
  const ready = async () => {
    const response = await fetch(`${server.address}/readyz`);
    return [response.status, await response.text()];
  };
  const becomes = async (status: number) => {
    await until(async () => (await ready())[0] === status);
    return (await ready())[1];
  };
  expect(await becomes(200)).toBe('ok');
  await redis.kill();
  expect(await becomes(503)).toBe(`not ready: queue 127.0.0.1:${redis.port} does not answer`);
  await redis.restart();
  expect(await becomes(200)).toBe('ok');
  renameSync(at('store'), at('away'));
  expect(await becomes(503)).toBe(`not ready: store ${at('store')} is not there`);
  renameSync(at('away'), at('store'));
  expect(await becomes(200)).toBe('ok');
  expect((await samples(server, { ...small, seed: 6 })).length).toBe(4 * 3 * 3 * 4);
});

test('a bucket does as a folder does', async () => {
  const s3 = await startS3();
  Object.assign(process.env, s3Environment(s3));
  const name = 's3://bucket/served';
  const remote = ['--queue', url(), '--store', name];
  workers.push(startMdensity(['worker', ...remote, '--workers', '1', '--folder', at('bucket')]));
  const serve = startMdensity([
    'serve',
    ...remote,
    '--port',
    '0',
    '--json',
    '--models',
    at('small.onnx'),
  ]);
  onTestFinished(() => void serve.child.kill('SIGKILL'));
  let said = '';
  serve.child.stdout!.on('data', (bytes) => {
    said += String(bytes);
  });
  await until(() => said.includes('\n'));
  const { address } = JSON.parse(said) as { address: string };
  const found = await samples({ address } as SampleServer, small);
  expect(found.equals(await samples(local, small))).toBe(true);
  // What comes while the bucket is away waits for it.
  await s3.kill();
  const later = samples({ address } as SampleServer, { ...small, seed: 8 });
  const ready = async () => (await fetch(`${address}/readyz`)).text();
  await until(async () => (await ready()) !== 'ok');
  expect(await ready()).toMatch(/^not ready: store s3:\/\/bucket\/served: .* does not answer/);
  await s3.restart();
  expect((await later).equals(await samples(local, { ...small, seed: 8 }))).toBe(true);
  await until(async () => (await ready()) === 'ok');
  serve.child.kill('SIGTERM');
  expect((await serve.done).code).toBe(0);
});

test('what cannot be served from is refused in one line', async () => {
  const serve = (...args: string[]) => refusal('serve', '--port', '0', ...args);
  expect(await serve('--queue', url())).toMatch(/^--queue: goes with --store; give both, as /);
  expect(await serve('--store', at('store'))).toMatch(/^--store: goes with --queue; give both/);
  const both = ['--queue', url(), '--store', at('store')];
  expect(await serve(...both, '--workers', '2')).toMatch(/^--workers: are those of the queue/);
  const careless = await startRedis('--maxmemory-policy', 'allkeys-lru');
  const queue = `redis://127.0.0.1:${careless.port}`;
  expect(await serve('--queue', queue, '--store', at('store'))).toMatch(
    /: drops work when its memory is full \(maxmemory-policy allkeys-lru\); set it to noeviction$/,
  );
  expect(await serve('--queue', url(), '--store', 's3://missing/x')).toMatch(
    /: there is no such bucket; make it first$/,
  );
});
