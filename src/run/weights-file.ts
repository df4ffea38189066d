import { readWeightsFile } from '../data/node/index.ts';
import { readOnnxFile } from '../graph/node/read-onnx-file.ts';
import {
  createModel,
  joinWeights,
  type ModelConfig,
  nameWeights,
  readTrainedModel,
} from '../model/index.ts';
import { findModel } from './model-file.ts';

/**
 * Reads the parameters [P] of this model from a weights file, safetensors or PyTorch's, or from
 * what `--model` takes.
 *
 * @throws UserError where names and shapes do not fit.
 */
export async function readWeights(target: string, config: ModelConfig): Promise<Float32Array> {
  const { specs } = createModel(config);
  if (/\.(safetensors|pt|pth|ckpt|bin)$/i.test(target)) {
    const { tensors } = await readWeightsFile(target);
    return joinWeights(specs, tensors, target);
  }
  const path = findModel(target);
  return joinWeights(specs, nameWeights(readTrainedModel(await readOnnxFile(path), path)), path);
}
