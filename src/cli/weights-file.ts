import { readBytes } from '../files.ts';
import {
  createModel,
  joinWeights,
  type ModelConfig,
  nameWeights,
  readTrainedModel,
} from '../model/index.ts';
import { decodeSafeTensors } from '../train/index.ts';
import { findModel } from './model-file.ts';

/**
 * Parameters [P] of this model from a safetensors file, or from what `--model` takes.
 * @throws UserError where names and shapes do not fit.
 */
export async function readWeights(target: string, config: ModelConfig): Promise<Float32Array> {
  const { specs } = createModel(config);
  if (/\.safetensors$/i.test(target)) {
    const { tensors } = decodeSafeTensors(await readBytes(target), target);
    return joinWeights(specs, tensors, target);
  }
  const path = findModel(target);
  return joinWeights(specs, nameWeights(readTrainedModel(await readBytes(path), path)), path);
}
