/** Jobs through a real queue, done in this process: what happens to them, whatever fails. */
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DivergedError, UserError } from '../errors.ts';
import { packageVersion } from '../run/versions.ts';
import { openFolderStore } from '../store/folder.ts';
import { putObject, type Store } from '../store/index.ts';
import { anError } from '../testing-errors.ts';
import { bullmqOf } from './bullmq.ts';
import { connectQueue, queueOf } from './connect.ts';
import { idOf, type Job, resultKey } from './job.ts';
import { createPartReader } from './parts.ts';
import { sweepOnce } from './retention.ts';
import { type JobServerOptions, serveJobs, type Task } from './serve-jobs.ts';
import { openSubmitter, type Submitter } from './submit.ts';
import { startRedis, type TestServer } from './testing.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-queue-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

let server: TestServer;
let store: Store;
let common: string;
let count = 0;
const url = () => `redis://127.0.0.1:${server.port}`;
beforeAll(async () => {
  server = await startRedis();
  store = await openFolderStore(join(work, 'store'));
  common = await putObject(store, new TextEncoder().encode('{"shared":7}'));
});

/** A job that is no other's. */
const job = (own: object = {}): Job => ({ kind: 'test/one', common, own: { n: count++, ...own } });

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function submitter(options = {}): Promise<Submitter> {
  const connection = await connectQueue(url());
  const opened = await openSubmitter({ connection, store, lookEvery: 300, ...options });
  ends.push(() => opened.close().then(connection.close));
  return opened;
}

/** A worker; `stop` drains it and gives the number of jobs that it did. */
async function worker(doTask: (task: Task) => Promise<unknown>, options = {}) {
  const connection = await connectQueue(url());
  const controller = new AbortController();
  const set: JobServerOptions = {
    connection,
    store,
    concurrency: 1,
    lock: 2,
    signal: controller.signal,
    work: async (task) => ({ value: await doTask(task), files: [] }),
    ...options,
  };
  const serving = serveJobs(set);
  const stop = async () => {
    controller.abort();
    const done = await serving;
    await connection.close();
    return done;
  };
  ends.push(stop);
  return { stop };
}

const double = async ({ fields }: Task) => 2 * Number(fields.n);

describe('a job', () => {
  test('is done by one of the workers, with what it shares and its own', async () => {
    const seen: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      await worker(async ({ fields, kind, onProgress }) => {
        onProgress(1);
        seen.push([kind, fields.shared]);
        return fields.n;
      });
    }
    const { run } = await submitter();
    const jobs = Array.from({ length: 20 }, () => job());
    const results = await Promise.all(jobs.map((one) => run(one)));
    expect(results.map(({ value }) => value)).toEqual(jobs.map(({ own }) => own.n));
    expect(seen).toEqual(jobs.map(() => ['test/one', 7]));
    expect(results[0]!.machine).toMatchObject({
      processor: expect.any(String),
      threads: '1',
      'onnxruntime-node': expect.stringMatching(/^\d+\./),
    });
  });

  test('that is asked for twice, here and later, is done once', async () => {
    let calls = 0;
    await worker(async (task) => {
      calls++;
      return double(task);
    });
    const [first, second] = [await submitter(), await submitter()];
    const one = job();
    const both = await Promise.all([first.run(one), second.run(one)]);
    expect(both.map(({ value }) => value)).toEqual([2 * Number(one.own.n), 2 * Number(one.own.n)]);
    await (await submitter()).run(one);
    expect(calls).toBe(1);
  });

  test('that is asked for twice by one process is done once, for both', async () => {
    let calls = 0;
    await worker(async (task) => {
      calls++;
      return double(task);
    });
    const { run } = await submitter();
    const one = job();
    const heard: number[] = [];
    const both = await Promise.all([run(one, (done) => heard.push(done)), run(one)]);
    expect(both.map(({ value }) => value)).toEqual([2 * Number(one.own.n), 2 * Number(one.own.n)]);
    expect(calls).toBe(1);
    expect(heard[0]).toBe(0);
  });

  test('whose sender throws at its progress fails with that, and goes on for others', async () => {
    await worker(double);
    const { run } = await submitter();
    const one = job();
    const mine = () => {
      throw new Error('mine');
    };
    const both = [run(one, mine), run(one)] as const;
    await expect(both[0]).rejects.toThrow('mine');
    expect((await both[1]).value).toBe(2 * Number(one.own.n));
  });

  test('that is forgotten while it is looked for is not sent again', async () => {
    let release = () => {};
    let reading = () => {};
    const isRead = new Promise<void>((resolve) => {
      reading = resolve;
    });
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const one = job();
    let reads = 0;
    const slow: Store = {
      ...store,
      read: async (key) => {
        // The second time is of the look.
        if (key === resultKey(idOf(one)) && ++reads === 2) {
          reading();
          await gate;
        }
        return store.read(key);
      },
    };
    const { run, forget } = await submitter({ store: slow, lookEvery: 50 });
    void run(one);
    const connection = await connectQueue(url());
    const { Queue } = bullmqOf(connection);
    const queue = new Queue(await queueOf(store), connection.options);
    ends.push(() => queue.close().then(connection.close));
    while ((await queue.remove(idOf(one))) === 0 || (await queue.getJob(idOf(one)))) await sleep(5);
    await isRead;
    await forget(one);
    release();
    const done: unknown[] = [];
    await worker(async ({ fields }) => done.push(fields.n));
    const last = job();
    await run(last);
    expect(done).toEqual([last.own.n]);
  });

  test('that nobody waits for any more is ended in its worker, and is had when it is asked for again', async () => {
    let begun = 0;
    let ended = 0;
    await worker(
      async (task) => {
        begun++;
        if (begun > 1) return double(task);
        await new Promise((_, reject) => {
          task.signal.addEventListener('abort', () => {
            ended++;
            reject(new Error('ended'));
          });
        });
      },
      { concurrency: 1 },
    );
    const [first, second] = [await submitter(), await submitter()];
    const one = job();
    const controller = new AbortController();
    const left = first.run(one, undefined, controller.signal);
    const kept = second.run(one);
    while (begun === 0) await sleep(5);
    controller.abort(new UserError('stopped', { code: 'stopped' }));
    await expect(left).rejects.toThrow(anError('stopped'));
    expect((await kept).value).toBe(2 * Number(one.own.n));
    expect([begun, ended]).toEqual([2, 1]);
  });

  test('tells what it found wrong as it was, and is not tried again', async () => {
    let calls = 0;
    await worker(async ({ fields }) => {
      calls++;
      if (fields.diverges) throw new DivergedError('chain 3, step 4: left', { step: 4, chain: 3 });
      throw new UserError('chains 0: too few', { facts: { option: 'chains' } });
    });
    const { run } = await submitter();
    const diverged = await run(job({ diverges: true })).catch((error: unknown) => error);
    expect(diverged).toBeInstanceOf(DivergedError);
    expect(diverged).toMatchObject({
      message: 'chain 3, step 4: left',
      facts: { step: 4, chain: 3 },
    });
    await expect(run(job())).rejects.toThrow(anError('invalid', { option: 'chains' }));
    expect(calls).toBe(2);
  });

  test('is tried again where its worker failed, and after it failed for good', async () => {
    let failures = 2;
    await worker(async (task) => {
      if (task.fields.bad) throw new UserError('bad');
      if (failures-- > 0) throw new Error('Worker terminated unexpectedly');
      return double(task);
    });
    const { run } = await submitter();
    const one = job();
    expect((await run(one)).value).toBe(2 * Number(one.own.n));
    // What failed before is no answer to who asks again.
    const bad = job({ bad: true });
    await expect(run(bad)).rejects.toThrow('bad');
    await expect(run(bad)).rejects.toThrow('bad');
  });

  test('of a smaller number comes first', async () => {
    const urgent = await submitter({ priority: 1 });
    const patient = await submitter({ priority: 50 });
    const order: unknown[] = [];
    const later = [job({ first: false }), job({ first: false })].map((one) => patient.run(one));
    await sleep(200);
    const sooner = urgent.run(job({ first: true }));
    await sleep(200);
    await worker(async ({ fields }) => order.push(fields.first));
    await Promise.all([...later, sooner]);
    expect(order).toEqual([true, false, false]);
  });

  test('is no work for a worker with another store', async () => {
    const other = await openFolderStore(join(work, 'other'));
    const stranger = await worker(double, { store: other });
    const notes: string[] = [];
    const { run } = await submitter({ onNote: (note: string) => notes.push(note) });
    const one = job();
    const result = run(one);
    while (notes.length === 0) await sleep(20);
    expect(notes).toEqual([
      'no worker has come yet; start mdensity worker with this --queue and --store',
    ]);
    expect(await stranger.stop()).toBe(0);
    await worker(double);
    expect((await result).value).toBe(2 * Number(one.own.n));
  });

  test('of another version stays for others', async () => {
    const connection = await connectQueue(url());
    const { Queue } = bullmqOf(connection);
    const queue = new Queue(await queueOf(store), connection.options);
    ends.push(() => queue.close().then(connection.close));
    const own = job();
    await queue.add('test/one', { version: '0.0.1', ...own }, { jobId: idOf(own) });
    const { stop } = await worker(double);
    const { run } = await submitter();
    await run(job());
    expect(await queue.getJobState(idOf(own))).toBe('delayed');
    expect(await stop()).toBe(1);
    await queue.remove(idOf(own));
  });
});

describe('parts of a result', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const namesBelow = async (folder: string) => {
    const names: string[] = [];
    for await (const { key } of store.list(folder)) names.push(key);
    return names;
  };
  /** Runs a job and gives what was read of it on the way. */
  async function follow(one: Job) {
    const read: string[] = [];
    const { run } = await submitter();
    const reader = createPartReader(store, idOf(one), (index, part) =>
      read.push(`${index}:${text(part)}`),
    );
    return { read, reader, result: run(one, (_, parts) => reader.upTo(parts)) };
  }
  const parts = ['a', '', 'c'.repeat(10_000), 'd'];
  const whole = parts.map((part, i) => `${i}:${part}`);

  test('come while it is worked on, in order and once, and are removed with its end', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await worker(async ({ onPart }) => {
      for (const part of parts) {
        onPart!(new TextEncoder().encode(part));
        await sleep(60);
      }
      await gate;
      return 'all';
    });
    const one = job();
    const { read, result } = await follow(one);
    // The work ends only when all have come.
    while (read.length < parts.length) await sleep(10);
    release();
    await result;
    expect(read).toEqual(whole);
    expect(await namesBelow('parts')).toEqual([]);
  });

  test('neither double nor get lost where a worker fails in the middle', async () => {
    let tries = 0;
    let has: () => number = () => 0;
    await worker(async ({ onPart }) => {
      tries++;
      const count = tries === 1 ? 2 : parts.length;
      for (const part of parts.slice(0, count)) onPart!(new TextEncoder().encode(part));
      while (has() < count) await sleep(10);
      if (tries === 1) throw new Error('Worker terminated unexpectedly');
      return 'all';
    });
    const one = job();
    const { read, result } = await follow(one);
    has = () => read.length;
    await result;
    expect(tries).toBe(2);
    expect(read).toEqual(whole);
    expect(await namesBelow('parts')).toEqual([]);
  });

  test('that cannot be written are waited for by nobody: the result comes', async () => {
    const full = () => Promise.reject(new UserError('store x: is full', { code: 'disk' }));
    const shaky: Store = {
      ...store,
      create: (key, bytes) => (key.startsWith('parts/') ? full() : store.create(key, bytes)),
    };
    await worker(
      async (task) => {
        task.onPart!(new Uint8Array(3));
        await sleep(300);
        return double(task);
      },
      { store: shaky },
    );
    const one = job();
    const { read, result } = await follow(one);
    expect((await result).value).toBe(2 * Number(one.own.n));
    expect(read).toEqual([]);
  });
});

describe('what is finished', () => {
  test('is kept for a while, in the queue and in the store, and is done again after that', async () => {
    let calls = 0;
    await worker(async (task) => {
      calls++;
      if (task.fields.bad) throw new Error('Worker terminated unexpectedly');
      return double(task);
    });
    const connection = await connectQueue(url());
    const { Queue } = bullmqOf(connection);
    const queue = new Queue(await queueOf(store), connection.options);
    ends.push(() => queue.close().then(connection.close));
    const failed = job({ bad: true });
    const data = { version: packageVersion(), ...failed };
    await queue.add(failed.kind, data, { jobId: idOf(failed) });
    while ((await queue.getJobState(idOf(failed))) !== 'failed') await sleep(10);

    const { run } = await submitter();
    const one = job();
    const key = resultKey(idOf(one));
    await run(one);
    const before = calls;
    const notes: string[] = [];
    const sweep = (hours: number) =>
      sweepOnce({ connection, store, hours, onNote: (note) => notes.push(note) });
    await sweep(24);
    await run(one);
    expect([calls, notes]).toEqual([before, []]);
    expect(await queue.getJobState(idOf(failed))).toBe('failed');

    const then = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(join(work, 'store', key), then, then);
    await sweep(24);
    expect(notes).toEqual(['removed 1 results and 0 objects older than 24 hours']);
    expect(await store.read(key)).toBeUndefined();
    expect((await run(one)).value).toBe(2 * Number(one.own.n));
    expect(calls).toBe(before + 1);
    await sweep(0);
    expect(await queue.getJobState(idOf(failed))).toBe('unknown');
  });

  test('is no result without its files, and is done again', async () => {
    const one = job();
    const files = [{ name: 'x.npy', hash: 'a'.repeat(64) }];
    const bytes = new TextEncoder().encode(JSON.stringify({ value: 1, files, machine: {} }));
    const connection = await connectQueue(url());
    const { Queue } = bullmqOf(connection);
    const queue = new Queue(await queueOf(store), connection.options);
    ends.push(() => queue.close().then(connection.close));
    const { run } = await submitter({ lookEvery: 10_000 });
    const done = run(one);
    while (!(await queue.getJob(idOf(one)))) await sleep(5);
    await store.create(resultKey(idOf(one)), bytes);
    await worker(double);
    expect((await done).value).toBe(2 * Number(one.own.n));
  });

  test('is swept by one worker at a time', async () => {
    const [first, second] = await Promise.all([connectQueue(url()), connectQueue(url())]);
    ends.push(() => Promise.all([first.close(), second.close()]));
    const claims = await Promise.all([first, second].map(({ claim }) => claim('sweep:x', 60)));
    expect(claims.sort()).toEqual([false, true]);
  });
});

describe('a worker that is told to end', () => {
  test('ends what it has in hand, and takes no more', async () => {
    let begun = () => {};
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const first = await worker(async (task) => {
      begun();
      await sleep(300);
      return double(task);
    });
    const { run } = await submitter();
    const results = [job(), job()].map((one) => run(one));
    await began;
    expect(await first.stop()).toBe(1);
    const second = await worker(double);
    await Promise.all(results);
    expect(await second.stop()).toBe(1);
  });

  test('gives back what takes longer than it may', async () => {
    let ended = false;
    let begun = () => {};
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const first = await worker(
      ({ signal }) => {
        begun();
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            ended = true;
            reject(new Error('cancelled'));
          });
        });
      },
      { drain: 0.1 },
    );
    const { run } = await submitter();
    const one = job();
    const result = run(one);
    await began;
    expect(await first.stop()).toBe(0);
    expect(ended).toBe(true);
    await worker(double);
    expect((await result).value).toBe(2 * Number(one.own.n));
  });
});

describe('nothing is lost', () => {
  test('where Redis dies and forgets everything', async () => {
    const { run } = await submitter();
    const jobs = Array.from({ length: 30 }, () => job());
    const counts = new Map<unknown, number>();
    await worker(async (task) => {
      counts.set(task.fields.n, (counts.get(task.fields.n) ?? 0) + 1);
      await sleep(20);
      return double(task);
    });
    const results = jobs.map((one) => run(one));
    await results[5];
    await server.kill();
    await server.restart();
    const values = (await Promise.all(results)).map(({ value }) => value);
    expect(values).toEqual(jobs.map(({ own }) => 2 * Number(own.n)));
    // Only what was in hand may have been done again.
    expect([...counts.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(1);
  });

  test('where the store is away for a while: it is told and waited for', async () => {
    let away = true;
    const gone = () => new UserError('store x: does not answer', { code: 'network' });
    const shaky: Store = {
      ...store,
      read: async (key) => {
        if (away && key.startsWith('results/')) throw gone();
        return store.read(key);
      },
      create: async (key, bytes) => {
        if (away) throw gone();
        return store.create(key, bytes);
      },
    };
    const notes: string[] = [];
    await worker(double, { store: shaky });
    const { run } = await submitter({ store: shaky, onNote: (note: string) => notes.push(note) });
    const one = job();
    const result = run(one);
    await sleep(500);
    away = false;
    expect((await result).value).toBe(2 * Number(one.own.n));
    expect(notes).toContain('store x: does not answer; waiting for it');
  });

  test('where a result is there and nobody heard of it', async () => {
    const one = job();
    const bytes = new TextEncoder().encode('{"value":5,"files":[],"machine":{}}');
    await store.create(resultKey(idOf(one)), bytes);
    expect((await (await submitter()).run(one)).value).toBe(5);
  });

  test('a result that would leave its folder is refused', async () => {
    const one = job();
    const files = [{ name: '../../x', hash: 'a'.repeat(64) }];
    const kept = new TextEncoder().encode(JSON.stringify({ value: 5, files, machine: {} }));
    await store.create(resultKey(idOf(one)), kept);
    await expect((await submitter()).run(one)).rejects.toThrow(/leaves its folder/);
  });
});

describe('a queue is refused in one line', () => {
  test('that is away or no address, without saying its password', async () => {
    await expect(connectQueue('redis://user:secret@127.0.0.1:9')).rejects.toThrow(
      /^queue 127.0.0.1:9: does not answer \(ECONNREFUSED\); start Redis or Valkey there, or check the address$/,
    );
    await expect(connectQueue('secret')).rejects.toThrow(
      /^queue: is no address of a queue; give redis:\/\/host:port$/,
    );
  });

  test('that asks for a password', async () => {
    const locked = await startRedis('--requirepass', 'x');
    await expect(connectQueue(`redis://127.0.0.1:${locked.port}`)).rejects.toThrow(
      /: refuses the password; give redis:\/\/user:password@host:port$/,
    );
    await (await connectQueue(`redis://:x@127.0.0.1:${locked.port}`)).close();
  });

  test('that drops work when its memory is full', async () => {
    const careless = await startRedis('--maxmemory-policy', 'allkeys-lru');
    await expect(connectQueue(`redis://127.0.0.1:${careless.port}`)).rejects.toThrow(
      /: drops work when its memory is full \(maxmemory-policy allkeys-lru\); set it to noeviction$/,
    );
  });

  test('that is used by another version', async () => {
    const own = await startRedis();
    const address = `redis://127.0.0.1:${own.port}`;
    const first = await connectQueue(address, '9.8.7');
    await expect(connectQueue(address)).rejects.toThrow(
      /: is used by mdensity 9.8.7, and this is [\d.]+; install one version everywhere, or give/,
    );
    await first.close();
  });
});
