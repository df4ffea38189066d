import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { isFolder } from '../files.ts';
import { type ModelSize, type OpenableModel, readOpenable } from '../graph/node/read-onnx-file.ts';
import { type DenoiserFile, openDenoiser } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import type { Work } from '../progress.ts';
import { checkHalf, withHalfScores } from '../sample/half.ts';
import { checkInt8, type Int8Options, inEightBits } from '../sample/int8.ts';
import { boxNames, boxPath } from './model-box.ts';
import { checkModelMemory } from './model-memory.ts';
import { findPretrained, keptModel, makePretrained } from './pretrained/sources.ts';
import { pretrainedTable } from './pretrained/table.ts';
import { modelPath } from './run-directory.ts';

const RUNS = 'runs';

/** Finds what is here of that name; see `locateModel`. */
function localModel(target: string): string | undefined {
  if (existsSync(target) && !isFolder(target)) return target;
  const holdsModel = (folder: string) =>
    ['run.json', 'model.onnx'].some((name) => existsSync(join(folder, name)));
  const inBox = boxNames().includes(target) ? [boxPath(target)] : [];
  return [target, join(RUNS, target), ...inBox].find(holdsModel);
}

/**
 * Finds what the name of a model means: a file, or a folder with a run or a model. What is yours
 * comes first: a path, then a run of that name in `runs/`, then a model in the box, then a
 * pretrained one that was fetched. A folder that holds neither, such as one of data, is passed
 * over.
 * @throws UserError if there is nothing of that name.
 */
export function locateModel(target: string): string {
  const found = localModel(target);
  if (found !== undefined) return found;
  const source = findPretrained(target);
  if (source) {
    const kept = keptModel(source);
    if (existsSync(kept)) return kept;
    throw new UserError(`${target}: is a pretrained model that is not on this machine; fetch it`, {
      code: 'not-found',
      facts: { model: target, remedy: 'fetch-model' },
    });
  }
  const inBox = boxNames();
  if (isFolder(target)) {
    throw new UserError(
      `${target}: is a folder without a run; give a run's directory or an .onnx file`,
      { code: 'not-found', facts: { path: target } },
    );
  }
  const runs = isFolder(RUNS) ? readdirSync(RUNS) : [];
  const box = inBox.length > 0 ? `, a model in the box (${inBox.join(', ')})` : '';
  const more = ', a pretrained model (see mdensity models)';
  throw new UserError(
    `${target}: no such run, model or file.${didYouMean(target, [...inBox, ...runs, ...pretrainedTable.map(({ name }) => name)])} Give a run's directory, the name of one in ${RUNS}/${box}${more}, or an .onnx file`,
    { code: 'not-found', facts: { path: target } },
  );
}

/**
 * Finds the folder in which a run of that target would be: a model's own, or the one it lies in.
 */
export function folderOfModel(target: string): string {
  const place = locateModel(target);
  return isFolder(place) ? place : dirname(place);
}

/**
 * Finds the ONNX file that a target means.
 * @throws UserError if there is none.
 */
export function findModel(target: string): string {
  const place = locateModel(target);
  if (!isFolder(place)) return place;
  const path = modelPath(place);
  if (existsSync(path)) return path;
  throw new UserError(`${place}: the run has saved no model yet; go on with it`, {
    code: 'not-found',
    facts: { path: place, remedy: 'resume' },
  });
}

/**
 * Fetches the model of a name where it is a pretrained one that is not here; tells whether it is a
 * pretrained one at all.
 * @throws UserError as `makePretrained`.
 */
export async function fetchModel(target: string, work: Work = {}): Promise<boolean> {
  const source = localModel(target) === undefined ? findPretrained(target) : undefined;
  if (source) await makePretrained(source, work);
  return source !== undefined;
}

/**
 * Reads a model's file to be opened, where that fits in memory.
 *
 * @throws UserError as `readOpenable`, and (`memory`) where it does not fit.
 */
export function readFitting(
  path: string,
  { processes, precision }: FittingOptions = {},
): Promise<OpenableModel> {
  const workOf = ({ beside, isLarge }: ModelSize) => {
    if (isLarge) return 'openApart';
    if (precision === 'int8') return 'openInt8';
    if (precision === 'half') return 'openHalf';
    return beside === 0 ? 'open' : 'openBeside';
  };
  return readOpenable(path, (size) => {
    const weightBytes = size.own + size.beside;
    checkModelMemory({ source: path, weightBytes, work: workOf(size), processes });
  });
}

/** How a model that has to fit is to be opened. */
export interface FittingOptions {
  /** Processes that will hold it at a time; default 1. */
  readonly processes?: number | undefined;
  /** Default `single`. */
  readonly precision?: Precision | undefined;
}

/**
 * Opens the model of a path or name; a pretrained one is fetched on first use.
 * @throws UserError as `findModel`, `fetchModel`, `readFitting` and `openBytes`.
 */
export async function loadModel(
  model: string,
  options: ModelOptions,
  work: Work = {},
): Promise<DenoiserFile> {
  await fetchModel(model, work);
  const path = findModel(model);
  const { onNote = work.onNote, precision } = options;
  const { bytes, ...outside } = await readFitting(path, { precision });
  return openBytes(bytes, path, { ...options, ...outside, onNote });
}

/** How scores are computed: in 8 bits or half precision; jumps are in single precision always. */
export const precisions = ['single', 'int8', 'half'] as const;
export type Precision = (typeof precisions)[number];

/** How a model is opened. */
export interface ModelOptions extends Int8Options {
  /** Default `single`. */
  readonly precision?: Precision | undefined;
}

/**
 * Opens the bytes of a model.
 * @throws UserError as `openDenoiser` and, with another precision than single, as `inEightBits`
 *   and `withHalfScores`.
 */
export async function openBytes(
  bytes: Uint8Array,
  source: string,
  { precision = 'single', ...options }: ModelOptions,
): Promise<DenoiserFile> {
  if (!precisions.includes(precision)) {
    throw new UserError(
      `precision ${precision}: is not known; give one of ${precisions.join(', ')}`,
      {
        facts: { option: 'precision', value: precision },
      },
    );
  }
  if (precision === 'int8') checkInt8(options.device);
  if (precision === 'half') checkHalf(options.device);
  if (precision !== 'single' && options.path !== undefined) {
    throw new UserError(
      `${source}: has more than 2 GiB of weights, which ${precision} cannot take; leave precision out`,
      { code: 'unsupported', facts: { option: 'precision', path: source } },
    );
  }
  const model = await openDenoiser(bytes, source, options);
  if (precision === 'single') return model;
  try {
    if (precision === 'int8') return await inEightBits(model, bytes, source, options);
    const { onReport: _, ...opening } = options;
    return await withHalfScores(model, bytes, source, opening);
  } catch (error) {
    await model.release();
    throw error;
  }
}
