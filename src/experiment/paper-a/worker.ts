/** A process that runs tasks of an experiment, one at a time, on one core. */
import { join } from 'node:path';
import { worker } from 'workerpool';
import { writeBytes } from '../../files.ts';
import { loadModel } from '../../run/model-file.ts';
import { encodePng } from '../../sample/index.ts';
import { gridPicture, stripsPicture } from '../../sample/picture-sizes.ts';
import { isPictured } from '../../sample/pictures.ts';
import { comparisonOf, datasetOf, leaveInterrupts, remember, report } from '../worker-tools.ts';
import { type CellPictures, type CellTools, runCell } from './cell.ts';
import type { CellTask, TrainTask } from './tasks.ts';
import { trainClass, walkedModel } from './train-class.ts';

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

/** A family serves all its classes from one. */
const modelOf = remember(
  ({ model }: CellTask) => model,
  ({ model }) => loadModel(model, { device: 'cpu', threads: 1 }),
);

async function toolsOf(task: CellTask): Promise<CellTools> {
  return { denoiser: walkedModel(await modelOf(task), task.cell), ...(await comparisonOf(task)) };
}

/** `<path>.png`, the last jump of each chain, and `<path>-chains.png`, jumps of the first ones. */
async function savePictures(
  path: string,
  { last, frames }: CellPictures,
  shape: readonly number[],
) {
  if (!isPictured(shape)) return;
  await writeBytes(`${path}.png`, await encodePng(gridPicture(last, shape)));
  await writeBytes(`${path}-chains.png`, await encodePng(stripsPicture(frames, shape)));
}

worker({ cell: runCellTask, train: runTrainTask });
