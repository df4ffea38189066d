import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workFolder } from '../../cli/testing.ts';
import { originOf, writeResults } from '../../report/paper-a/results.ts';
import { anError } from '../../testing-errors.ts';
import { openStore, readRows } from './store.ts';
import { protocolOf, rowOf } from './testing.ts';

const work = workFolder();
const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

describe('the rows of an experiment', () => {
  test('are kept line by line, in the order in which they came, however many at once', async () => {
    const folder = join(work, 'many');
    const store = await openStore(folder, protocolOf());
    const ids = Array.from({ length: 40 }, (_, i) => `cell-${i}`);
    await Promise.all(ids.map((id) => store.add(rowOf({ id }))));
    expect(idsOf(store.rows)).toEqual(ids);
    expect(await readRows(folder)).toEqual(store.rows);
    expect(readFileSync(join(folder, 'cells.jsonl'), 'utf8').split('\n')).toHaveLength(41);
    expect(idsOf((await openStore(folder, protocolOf())).rows)).toEqual(ids);
  });

  test('lose a line that a crash cut short, and the next is whole', async () => {
    const folder = join(work, 'cut');
    const lines = join(folder, 'cells.jsonl');
    const first = await openStore(folder, protocolOf());
    for (const id of ['a', 'b', 'c']) await first.add(rowOf({ id }));
    const { length } = readFileSync(lines);
    for (const cut of [1, 7, 60]) {
      truncateSync(lines, length - cut);
      const store = await openStore(folder, protocolOf());
      // Only the end of the line was lost at 1: the row is whole.
      expect(idsOf(store.rows)).toEqual(cut === 1 ? ['a', 'b', 'c'] : ['a', 'b']);
      await store.add(rowOf({ id: 'd' }));
      await store.add(rowOf({ id: 'e' }));
      expect(idsOf(await readRows(folder))).toEqual(idsOf(store.rows));
      expect(idsOf(store.rows).slice(-2)).toEqual(['d', 'e']);
      writeFileSync(
        lines,
        ['a', 'b', 'c'].map((id) => `${JSON.stringify(rowOf({ id }))}\n`).join(''),
      );
    }
  });

  test('count once where two processes wrote them', async () => {
    const folder = join(work, 'twice');
    const [one, other] = [
      await openStore(folder, protocolOf()),
      await openStore(folder, protocolOf()),
    ];
    await one.add(rowOf({ id: 'a', fd: 1 }));
    await other.add(rowOf({ id: 'a', fd: 1 }));
    await other.add(rowOf({ id: 'b' }));
    expect(idsOf(await readRows(folder))).toEqual(['a', 'b']);
  });

  test('are not mixed with those of another protocol, or a file that is none', async () => {
    const folder = join(work, 'other');
    await openStore(folder, protocolOf());
    await expect(openStore(folder, protocolOf({ seeds: [0] }))).rejects.toThrow(
      anError('mismatch', { changes: [{ setting: 'seeds', kept: [0, 1], wanted: [0] }] }),
    );
    appendFileSync(join(folder, 'experiment.json'), '}');
    await expect(openStore(folder, protocolOf())).rejects.toThrow(
      anError('unreadable', { path: join(folder, 'experiment.json') }),
    );
  });

  test('give results also where every walk diverged', async () => {
    const folder = join(work, 'diverged');
    const store = await openStore(folder, protocolOf());
    const { fd, kid, precision, recall, ...bare } = rowOf({ error: 'chain 0, step 3: NaN' });
    await store.add(bare);
    await store.add({ ...bare, id: 'b', seed: 1 });
    await writeResults(folder);
    expect(readFileSync(join(folder, 'results.md'), 'utf8')).toBe(
      '|  | σ̃ | M | kernel | γδ | diverged |\n| --- | --- | --- | --- | --- | --- |\n| grid | 0.25 | 1 | sachs | 1/4 | 2 of 2 |\n',
    );
    expect(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))).toMatchObject({
      best: [],
      summaries: [{ diverged: 2, seeds: 0, values: {} }],
    });
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('2 of 2');
    // Written again on another machine, they still say where the walks were made.
    const path = join(folder, 'results.json');
    const machine = { cpu: 'Analytical Engine', cores: 1 };
    const results = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...results, machine }));
    await writeResults(folder, await originOf(folder));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ ...results, machine });
  });
});
