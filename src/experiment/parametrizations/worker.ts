/** A process that runs tasks of a comparison, one at a time, on one core. */
import { join } from 'node:path';
import { worker } from 'workerpool';
import { writeNpy } from '../../data/node/index.ts';
import { loadModel } from '../../run/model-file.ts';
import { comparisonOf, datasetOf, leaveInterrupts, remember, report } from '../worker-tools.ts';
import { measureCost } from './cost.ts';
import { learn, modelFile } from './learn.ts';
import { measureDenoiser } from './measure.ts';
import type { DataTask, EntryTask, WalkTask } from './tasks.ts';
import { walkDenoiser } from './walk.ts';

leaveInterrupts();

const denoiserOf = remember(
  (task: Pick<EntryTask, 'folder' | 'entry'>) => modelFile(task),
  (task) => loadModel(modelFile(task), { device: 'cpu', threads: 1 }),
);

async function runLearn(task: DataTask) {
  return learn(task, await datasetOf(task), (step) => report({ done: step }));
}

async function runMeasure(task: DataTask) {
  return measureDenoiser(await denoiserOf(task), await datasetOf(task), task.protocol);
}

async function runWalk(task: WalkTask) {
  const { folder, entry, kernel, protocol } = task;
  const tools = { denoiser: await denoiserOf(task), ...(await comparisonOf(task)) };
  const { found, last } = await walkDenoiser(kernel, protocol, tools, (calls) =>
    report({ done: calls }),
  );
  if (last) {
    const path = picturePath(folder, entry.name, kernel);
    await writeNpy(path, last, [protocol.walk.chains, ...protocol.shape]);
  }
  return found;
}

/** The last jump of every chain, `[chains, ...shape]`. */
const picturePath = (folder: string, name: string, kernel: string) =>
  join(folder, 'jumps', `${name}-${kernel}.npy`);

/** What a task found, with the seconds it took here: before it may have waited for a core. */
const timed =
  <T>(work: (task: T) => Promise<object>) =>
  async (task: T) => {
    const start = performance.now();
    const found = await work(task);
    return { ...found, seconds: (performance.now() - start) / 1000 };
  };

worker({
  cost: timed(measureCost),
  learn: timed(runLearn),
  measure: timed(runMeasure),
  walk: timed(runWalk),
});
