/** A process that runs tasks of an experiment, one at a time, on one core. */
import { join } from 'node:path';
import { worker } from 'workerpool';
import type { BayesEstimator } from '../../density/index.ts';
import { writeBytes } from '../../files.ts';
import { encodePng } from '../../sample/index.ts';
import { loadModel } from '../model-file.ts';
import { gridPicture, stripsPicture } from '../pictures.ts';
import { type CellPictures, type CellTools, runCell } from './cell.ts';
import type { CellTask, TrainTask } from './tasks.ts';
import { trainClass } from './train-class.ts';
import { comparisonOf, datasetOf, leaveInterrupts, remember, report } from './worker-tools.ts';

leaveInterrupts();

async function runCellTask(task: CellTask) {
  const { cell, protocol, folder } = task;
  const tools = await toolsOf(task);
  const { row, pictures } = await runCell(cell, protocol, tools, {
    onProgress: (scoreCalls) => report({ done: scoreCalls }),
  });
  if (pictures)
    await savePictures(join(folder, 'pictures', cell.id), pictures, tools.denoiser.shape);
  return row;
}

async function runTrainTask(task: TrainTask) {
  const [dataset, comparison] = [await datasetOf(task), await comparisonOf(task)];
  return trainClass(task, dataset, comparison, (step) => report({ done: step }));
}

const denoiserOf = remember(
  ({ model }: CellTask) => model,
  (task): Promise<BayesEstimator> => loadModel(task.model, { device: 'cpu', threads: 1 }),
);

async function toolsOf(task: CellTask): Promise<CellTools> {
  return { denoiser: await denoiserOf(task), ...(await comparisonOf(task)) };
}

/** `<path>.png`, the last jump of each chain, and `<path>-chains.png`, jumps of the first ones. */
async function savePictures(
  path: string,
  { last, frames }: CellPictures,
  shape: readonly number[],
) {
  if (shape.length !== 3) return;
  await writeBytes(`${path}.png`, await encodePng(gridPicture(last, shape)));
  await writeBytes(`${path}-chains.png`, await encodePng(stripsPicture(frames, shape)));
}

worker({ cell: runCellTask, train: runTrainTask });
