import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { isFolder, readBytes } from '../files.ts';
import { type DenoiserFile, type OpenOptions, openDenoiser } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { modelPath } from '../train/index.ts';
import { boxNames, boxPath } from './model-box.ts';

const RUNS = 'runs';

/**
 * What a target of `--model` means: a file, or a folder with a run or a model. What is yours comes
 * first: a path, then a run of that name in `runs/`, then a model in the box. A folder that holds
 * neither, such as one of data, is passed over.
 * @throws UserError if there is nothing of that name.
 */
export function locateModel(target: string): string {
  if (existsSync(target) && !isFolder(target)) return target;
  const holdsModel = (folder: string) =>
    ['run.json', 'model.onnx'].some((name) => existsSync(join(folder, name)));
  const inBox = boxNames();
  const places = [target, join(RUNS, target), ...(inBox.includes(target) ? [boxPath(target)] : [])];
  const found = places.find(holdsModel);
  if (found !== undefined) return found;
  if (isFolder(target)) {
    throw new UserError(
      `${target}: is a folder without a run; give a run's directory (mdensity train --out) or an .onnx file`,
    );
  }
  const runs = isFolder(RUNS) ? readdirSync(RUNS) : [];
  const box = inBox.length > 0 ? `, a model in the box (${inBox.join(', ')})` : '';
  throw new UserError(
    `${target}: no such run, model or file.${didYouMean(target, [...inBox, ...runs])} Give a run's directory (mdensity train --out), the name of one in ${RUNS}/${box}, or an .onnx file`,
  );
}

/** The folder in which a run of that target would be: a model's own, or the one it lies in. */
export function folderOfModel(target: string): string {
  const place = locateModel(target);
  return isFolder(place) ? place : dirname(place);
}

/** The ONNX file that a target means. @throws UserError if there is none. */
export function findModel(target: string): string {
  const place = locateModel(target);
  if (!isFolder(place)) return place;
  const path = modelPath(place);
  if (existsSync(path)) return path;
  throw new UserError(
    `${place}: the run has saved no model yet; go on with mdensity train --out ${place} --resume`,
  );
}

export async function loadModel(model: string, options: OpenOptions): Promise<DenoiserFile> {
  const path = findModel(model);
  return openDenoiser(await readBytes(path), path, options);
}
