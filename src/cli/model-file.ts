import { existsSync, statSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { type DenoiserFile, type OpenOptions, openDenoiser } from '../model/index.ts';
import { modelPath } from '../train/index.ts';

/** The ONNX file that `--model` means: a file, or a run's model. @throws UserError if there is none. */
export function findModel(model: string): string {
  if (!existsSync(model)) {
    throw new UserError(
      `--model ${model}: no such run or file; give a run's directory (mdensity train --out) or an .onnx file`,
    );
  }
  if (!statSync(model).isDirectory()) return model;
  const path = modelPath(model);
  if (existsSync(path)) return path;
  throw new UserError(
    `--model ${model}: the run has saved no model yet; go on with mdensity train --out ${model} --resume`,
  );
}

export async function loadModel(model: string, options: OpenOptions): Promise<DenoiserFile> {
  const path = findModel(model);
  return openDenoiser(await readBytes(path), path, options);
}
