import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anError } from '../testing-errors.ts';
import { lockRun } from './run-lock.ts';
import { runsFolder } from './testing.ts';

const owner = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'run.lock'), 'utf8')) as Record<string, unknown>;
const write = (folder: string, lock: unknown) =>
  writeFile(join(folder, 'run.lock'), typeof lock === 'string' ? lock : JSON.stringify(lock));

/** A process that stays until it is killed. */
async function bystander() {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
  await once(child.stdout, 'data');
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
  return { pid: child.pid!, kill };
}

test('one at a time; given back, it can be had again', async () => {
  const folder = runsFolder();
  const unlock = await lockRun(folder);
  expect(await owner(folder)).toMatchObject({ pid: process.pid, host: hostname() });
  await expect(lockRun(folder)).rejects.toThrow(
    anError('busy', { path: folder, pid: process.pid, host: hostname() }),
  );
  await unlock();
  expect(await readdir(folder)).toEqual([]);
  await (await lockRun(folder))();
});

test('of many that ask at once, also for a dead lock, one gets it', async () => {
  for (const lock of [undefined, { host: hostname(), pid: 2 ** 22 + 1, born: '1' }]) {
    const folder = runsFolder();
    if (lock) await write(folder, lock);
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  }
});

test('a lock outlives its process only until the next one asks', async () => {
  const folder = runsFolder();
  const other = await bystander();
  await write(folder, { host: hostname(), pid: other.pid, born: '' });
  await expect(lockRun(folder)).rejects.toThrow(anError('busy', { pid: other.pid }));
  await other.kill();
  await (await lockRun(folder))();
});

test.runIf(process.platform === 'linux')(
  'the number of a process that was given out again is no life',
  async () => {
    const folder = runsFolder();
    const other = await bystander();
    await write(folder, { host: hostname(), pid: other.pid, born: '12' });
    await (await lockRun(folder))();
    // As in a container that was started again: even one's own number.
    await write(folder, { host: hostname(), pid: process.pid, born: '12' });
    await (await lockRun(folder))();
    await other.kill();
  },
);

test('a lock that was cut is taken over, one of another machine is not', async () => {
  const folder = runsFolder();
  await write(folder, '{"host":');
  await (await lockRun(folder))();
  await write(folder, { host: 'elsewhere', pid: 1, born: '' });
  await expect(lockRun(folder)).rejects.toThrow(anError('busy', { pid: 1, host: 'elsewhere' }));
  // Unless it was not renewed for minutes.
  await utimes(join(folder, 'run.lock'), new Date(), new Date(Date.now() - 301_000));
  await (await lockRun(folder))();
});

test('a lock is renewed by who has it, and one that was taken over is not given back', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = runsFolder();
  const path = join(folder, 'run.lock');
  const unlock = await lockRun(folder);
  const old = new Date(Date.now() - 301_000);
  await utimes(path, old, old);
  vi.advanceTimersByTime(30_000);
  while ((await stat(path)).mtimeMs <= old.getTime()) await new Promise(setImmediate);
  const other = { host: 'elsewhere', pid: 1, born: '' };
  await write(folder, other);
  await unlock();
  expect(await owner(folder)).toEqual(other);
});
