import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { anError } from '../testing-errors.ts';
import { openStore } from './paper-a/store.ts';
import { protocolOf, rowOf } from './paper-a/testing.ts';
import { openShare, shareRow } from './share.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-share-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const ids = Array.from({ length: 12 }, (_, i) => `cell-${i}`);

/** A participant, with a store of its own as a process has. */
async function participant(folder: string, workers = 2) {
  const store = await openStore(folder, protocolOf());
  const share = await openShare({ folder, workers });
  const made: string[] = [];
  const row = (id: string) =>
    shareRow(share, store, id, async () => {
      await sleep(5);
      made.push(id);
      return rowOf({ id });
    });
  return { store, made, row, all: () => Promise.all(ids.map(row)) };
}

const rowsIn = async (folder: string) => {
  const text = await readFile(join(folder, 'cells.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id as string);
};

test('participants share cells: each is made once, and all know every row', async () => {
  const folder = join(work, 'shared');
  const [first, second] = [await participant(folder), await participant(folder)];
  await Promise.all([first.all(), second.all()]);
  expect([...first.made, ...second.made].sort()).toEqual([...ids].sort());
  expect((await rowsIn(folder)).sort()).toEqual([...ids].sort());
  for (const { made, store } of [first, second]) {
    expect(made.length).toBeGreaterThan(0);
    expect(store.rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
  }
  expect(await readdir(join(folder, 'claims'))).toEqual([]);
});

test('the claim of a process that died is taken over', async () => {
  const folder = join(work, 'died');
  const one = await participant(folder);
  await mkdir(join(folder, 'claims'), { recursive: true });
  // The number is this process's, which has no such claim: it was given out again.
  const dead = JSON.stringify({ host: hostname(), pid: process.pid, born: '1' });
  await writeFile(join(folder, 'claims', 'cell-0.lock'), dead);
  await one.row('cell-0');
  expect(one.made).toEqual(['cell-0']);
});

test('the claim of another machine is waited for in words, and taken over when it is old', async () => {
  const folder = join(work, 'elsewhere');
  const path = join(folder, 'claims', 'cell-0.lock');
  const notes: string[] = [];
  const onNote = (note: string) => {
    notes.push(note);
    const old = new Date(Date.now() - 301_000);
    utimesSync(path, old, old);
  };
  const share = await openShare({ folder, workers: 1, onNote });
  await writeFile(path, JSON.stringify({ host: 'node-7', pid: 12, born: '' }));
  expect(await share({ claim: 'cell-0', make: async () => 3 })).toBe(3);
  expect(notes).toEqual([
    `waiting for process 12 on node-7; if it no longer runs, remove ${path}, or wait 5 minutes from its last sign of life`,
  ]);
});

test('a folder that cannot be made is one line', async () => {
  const folder = '/proc/nothing';
  await expect(openShare({ folder, workers: 1 })).rejects.toThrow(anError('disk', {}));
});

test('work that fails gives its claim back; what is busy is tried again', async () => {
  const folder = join(work, 'fails');
  const share = await openShare({ folder, workers: 1 });
  const fail = async () => {
    throw new UserError('no', { code: 'shape' });
  };
  await expect(share({ claim: 'a', make: fail })).rejects.toThrow(anError('shape'));
  let tries = 0;
  const busy = async () => {
    if (++tries < 2) throw new UserError('in use', { code: 'busy' });
    return tries;
  };
  expect(await share({ claim: 'a', make: busy })).toBe(2);
});

test('a signal ends the wait for another', async () => {
  const folder = join(work, 'waits');
  const other = await openShare({ folder, workers: 1 });
  const controller = new AbortController();
  const notes: string[] = [];
  const onNote = (note: string) => {
    notes.push(note);
    controller.abort(new UserError('stopped', { code: 'stopped' }));
  };
  const share = await openShare({ folder, workers: 1, signal: controller.signal, onNote });
  let finish = (_: number) => {};
  const theirs = other({
    claim: 'a',
    make: () =>
      new Promise<number>((done) => {
        finish = done;
      }),
  });
  await expect(share({ claim: 'a', make: async () => 1 })).rejects.toThrow(anError('stopped'));
  expect(notes).toHaveLength(1);
  finish(2);
  expect(await theirs).toBe(2);
});
