import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeRecord } from './change.ts';
import { resumeRun, startRun } from './run.ts';
import { readRecord } from './run-directory.ts';
import { lastDigests, loggedLines, runsFolder, runUntil, smallRun } from './testing.ts';

const runs = runsFolder();

test('a run that is made longer goes on from where it was, to the same bits however often it is stopped', async () => {
  const change = { steps: 12, decay: 'none', learningRate: 2e-3 } as const;
  const [whole, parts] = ['whole', 'parts'].map((name) => smallRun(join(runs, name), { steps: 6 }));
  for (const options of [whole!, parts!]) await startRun(options);
  await resumeRun({ ...whole!, change });
  const stopped = new AbortController();
  await resumeRun({
    ...parts!,
    change,
    signal: stopped.signal,
    onProgress: ({ step }) => {
      if (step >= 9) stopped.abort();
    },
  });
  // What was changed need not be said again.
  expect(await resumeRun(parts!)).toMatchObject({ step: 12, steps: 12, finished: true });
  expect(await lastDigests(parts!.directory)).toEqual(await lastDigests(whole!.directory));
  const rates = (await loggedLines(parts!.directory)).map(({ step, learningRate }) => [
    step,
    learningRate,
  ]);
  expect(rates.slice(1)).toEqual([
    [6, 0],
    [10, 2e-3],
    [12, 2e-3],
  ]);
  const { training, changes } = await readRecord(parts!.directory);
  expect(training).toMatchObject(change);
  expect(changes).toEqual([{ step: 6, before: { steps: 6, learningRate: 1e-3, decay: 'cosine' } }]);
});

test('what is the same is no change; a run cannot end before where it is', async () => {
  const options = smallRun(join(runs, 'same'));
  await runUntil(5, options);
  const record = await readRecord(options.directory);
  expect(changeRecord(record, { steps: 12, warmup: 4 }, 5)).toBe(record);
  expect(changeRecord(record, {}, 5)).toBe(record);
  const shorter = resumeRun({ ...options, change: { steps: 4 } });
  await expect(shorter).rejects.toMatchObject({ facts: { option: 'steps', steps: 4, step: 5 } });
  expect(await readRecord(options.directory)).toEqual(record);
});
