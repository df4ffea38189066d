/** A process that makes a worker's steps of a round, one at a time, on one core. */
import { worker } from 'workerpool';
import { datasetOf, leaveInterrupts, report } from '../experiment/worker-tools.ts';
import { type InnerTask, runInner } from './inner.ts';

leaveInterrupts();

async function inner(task: InnerTask) {
  return runInner(task, await datasetOf(task), (steps) => report({ done: steps }));
}

worker({ inner });
