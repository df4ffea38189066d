/** Denoisers as ONNX files: writing them. */
import type { NoiseLevels } from '../density/index.ts';
import {
  constant,
  exportOnnx,
  exportOnnxBeside,
  exportOnnxPieces,
  type ModelWithData,
  sizeOf,
  type Tensor,
} from '../graph/index.ts';
import { bindParameters, type Network } from '../nn/index.ts';
import { conditionShape } from './condition.ts';
import type { ModelConfig } from './config.ts';
import { conditionInput, LEVEL_INPUT } from './family.ts';
import { createModel } from './model.ts';

/** Names the output −log p, up to a constant, [batch]. */
export const ENERGY = 'energy';

export interface ExportOptions {
  /** Stores parameters in half precision. Default false. */
  readonly half?: boolean;
  /** The function of a network that the configuration only names. */
  readonly network?: Network | undefined;
}

/** Most bytes of weights in a file of ONNX: a message holds 2 GiB, and the graph is in it too. */
const MOST = 2 ** 31 - 2 ** 26;

/** Tells whether a model of this many parameters needs a file beside it for them. */
export const needsFileBeside = (parameters: number, half: boolean): boolean =>
  (half ? 2 : 4) * parameters > MOST;

/**
 * Exports as `exportDenoiser` does, with the weights for a file beside the model, which `location`
 * names.
 */
export function exportDenoiserBeside(
  config: ModelConfig,
  parameters: Float32Array,
  options: ExportOptions,
  location: string,
): ModelWithData {
  return exportOnnxBeside(optionsOf(config, parameters, options), location);
}

/**
 * Exports ν_θ as an ONNX file of standard operators: input `ybar`, or `counts` for their sum,
 * output `xhat`, both [batch, ...shape] with a dynamic batch (all measurements stacked along the
 * first axis where the network sees them), the output `energy` [batch] where there is one, and the
 * model's configuration as metadata `mdensity`. Of a family there is a further input `sigma`
 * [batch], the level σ̃ of each example; of a conditional model `class` [batch], an index or −1 for
 * none, or `vector` [batch, size], zeros for none. Parameters keep their names; `half` stores them
 * in half precision.
 *
 * @param parameters flat vector [P] in the order of the model's `specs`.
 */
export function exportDenoiser(
  config: ModelConfig,
  parameters: Float32Array,
  options: ExportOptions = {},
): Uint8Array {
  return exportOnnx(optionsOf(config, parameters, options));
}

/** Exports as `exportDenoiser` does, in pieces, end to end: the parameters are not held twice. */
export function exportDenoiserPieces(
  config: ModelConfig,
  parameters: Float32Array,
  options: ExportOptions = {},
): readonly Uint8Array[] {
  return exportOnnxPieces(optionsOf(config, parameters, options));
}

function optionsOf(
  config: ModelConfig,
  parameters: Float32Array,
  { half = false, network }: ExportOptions,
) {
  const { denoiser, energy, specs, inputShape, rate, levels, condition } = createModel(
    config,
    network,
  );
  const weights: Record<string, Tensor> = {};
  let start = 0;
  for (const { name, shape } of specs) {
    const end = start + sizeOf(shape);
    weights[name] = constant(parameters.subarray(start, end), shape, name);
    start = end;
  }
  const further = {
    ...(takesLevel(levels) && { [LEVEL_INPUT]: [] }),
    ...(condition && { [conditionInput(condition)]: conditionShape(condition) }),
  };
  return {
    build: (z: Tensor, told: Readonly<Record<string, Tensor>>) =>
      denoiser(bindParameters(weights), z, {
        level: told[LEVEL_INPUT],
        condition: condition && told[conditionInput(condition)],
      }),
    further,
    ...(energy && { scalars: (z: Tensor) => ({ [ENERGY]: energy(bindParameters(weights), z) }) }),
    shape: inputShape,
    inputName: rate === undefined ? 'ybar' : 'counts',
    outputName: 'xhat',
    metadata: { mdensity: JSON.stringify(config) },
    half,
  };
}

/** Tells whether a network of these levels takes one as an input: a single one is part of it. */
export const takesLevel = (levels: NoiseLevels | undefined): boolean =>
  levels !== undefined && ('from' in levels || levels.values.length > 1);
