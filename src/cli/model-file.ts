import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { type DenoiserFile, type OpenOptions, openDenoiser } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { modelPath } from '../train/index.ts';

const RUNS = 'runs';

/** The ONNX file that a path means: a file, or a run's model. @throws UserError if there is none. */
export function findModel(target: string): string {
  if (!existsSync(target)) {
    // A bare name is a run in the folder where the examples put them.
    const named = join(RUNS, target);
    if (existsSync(named)) return findModel(named);
    const names = existsSync(RUNS) ? readdirSync(RUNS) : [];
    throw new UserError(
      `${target}: no such run or file.${didYouMean(target, names)} Give a run's directory (mdensity train --out), the name of one in ${RUNS}/, or an .onnx file`,
    );
  }
  if (!statSync(target).isDirectory()) return target;
  const path = modelPath(target);
  if (existsSync(path)) return path;
  throw new UserError(
    existsSync(join(target, 'run.json'))
      ? `${target}: the run has saved no model yet; go on with mdensity train --out ${target} --resume`
      : `${target}: is a folder without a run; give a run's directory (mdensity train --out) or an .onnx file`,
  );
}

export async function loadModel(model: string, options: OpenOptions): Promise<DenoiserFile> {
  const path = findModel(model);
  return openDenoiser(await readBytes(path), path, options);
}
