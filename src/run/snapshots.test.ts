import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createModel } from '../model/index.ts';
import { checkpointVectors } from '../train/trainer.ts';
import { startRun } from './run.ts';
import { loadCheckpoint } from './run-directory.ts';
import { averageRun, listSnapshots } from './snapshots.ts';
import { runsFolder, runUntil, smallRun } from './testing.ts';

const runs = runsFolder();

test('a run makes the average that it has kept, from its snapshots alone', async () => {
  const options = smallRun(join(runs, 'kept'), { snapshotEvery: 5, learningRate: 0.01 });
  const { directory } = await startRun(options);
  expect(await listSnapshots(directory)).toEqual([5, 10, 12]);
  const { specs } = createModel(options.model);
  const checkpoint = await loadCheckpoint(directory, specs, checkpointVectors(options.training));
  const { parameters, ...made } = await averageRun(directory, { length: 0.1 });
  expect(made).toMatchObject({ step: 12, snapshots: 3 });
  const { average10, average05 } = checkpoint!.vectors;
  parameters.forEach((value, i) => {
    expect(Math.abs(value - average10![i]!)).toBeLessThan(1e-5);
  });
  // Another length is another average: the test would not see one for the other.
  const apart = average10!.map((value, i) => Math.abs(value - average05![i]!));
  expect(Math.max(...apart)).toBeGreaterThan(1e-4);
});

test('of a run that was stopped it takes what there is; else it says what is missing', async () => {
  const stopped = smallRun(join(runs, 'stopped'), { snapshotEvery: 5 });
  await runUntil(11, stopped);
  expect(await averageRun(stopped.directory, { length: 0.1 })).toMatchObject({ step: 10 });
  expect(await averageRun(stopped.directory, { length: 0.1, step: 5 })).toMatchObject({
    step: 5,
    snapshots: 1,
  });
  await expect(averageRun(stopped.directory, { length: 0.1, step: 7 })).rejects.toMatchObject({
    code: 'not-found',
    facts: { step: 7, steps: [5, 10] },
  });
  const without = smallRun(join(runs, 'without'));
  await runUntil(1, without);
  await expect(averageRun(without.directory, { length: 0.1 })).rejects.toMatchObject({
    code: 'not-found',
  });
});
