/** Writing denoisers to the disk; Node alone. */
import { basename, dirname, join } from 'node:path';
import { writeBytes } from '../../files.ts';
import {
  type ExportOptions,
  exportDenoiserBeside,
  exportDenoiserPieces,
  type ModelConfig,
  needsFileBeside,
} from '../index.ts';

export interface WriteOptions extends ExportOptions {
  /** Put weights into a file beside the model. Default: where one file cannot hold them. */
  readonly beside?: boolean;
}

/**
 * Writes a model as ONNX; one of more than 2 GiB as two files, the other `<path>.data`. The other
 * is written first, so that a model never lacks its weights.
 *
 * @returns paths of what was written, the model first.
 */
export async function writeDenoiser(
  path: string,
  config: ModelConfig,
  parameters: Float32Array,
  { beside, ...options }: WriteOptions = {},
): Promise<string[]> {
  if (!(beside ?? needsFileBeside(parameters.length, options.half ?? false))) {
    await writeBytes(path, exportDenoiserPieces(config, parameters, options));
    return [path];
  }
  const location = `${basename(path)}.data`;
  const { model, data } = exportDenoiserBeside(config, parameters, options, location);
  const other = join(dirname(path), location);
  await writeBytes(other, data);
  await writeBytes(path, model);
  return [path, other];
}
