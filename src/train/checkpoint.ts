import { UserError } from '../errors.ts';
import { sizeOf } from '../graph/index.ts';
import { countParameters, type ParameterSpec } from '../nn/index.ts';
import { decodeSafeTensors, encodeSafeTensors, type NamedArray } from './safetensors.ts';

/**
 * All that a run needs to go on: flat vectors [P] by name (`parameters`, `average`, optimizer
 * slots), and how far it came. Order of the data and noise are functions of the seed and the step.
 */
export interface Checkpoint {
  readonly step: number;
  readonly seed: number;
  /** Examples seen: the position in the shuffled epochs. */
  readonly examples: number;
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

/** Safetensors bytes: each vector cut into arrays named `<vector>.<parameter>`. */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  specs: readonly ParameterSpec[],
): Uint8Array {
  const tensors: Record<string, NamedArray> = {};
  for (const [vector, values] of Object.entries(checkpoint.vectors)) {
    let start = 0;
    for (const { name, shape } of specs) {
      const end = start + sizeOf(shape);
      tensors[`${vector}.${name}`] = { shape, data: values.subarray(start, end) };
      start = end;
    }
  }
  const { step, seed, examples } = checkpoint;
  const position = { step, seed, examples };
  return encodeSafeTensors({ tensors, metadata: { mdensity: JSON.stringify(position) } });
}

/**
 * Reads a checkpoint of a network with these parameters.
 * @throws UserError naming the array that is missing, misshapen, cut short or not finite.
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  specs: readonly ParameterSpec[],
  vectors: readonly string[],
  source: string,
): Checkpoint {
  const { tensors, metadata } = decodeSafeTensors(bytes, source);
  const join = (vector: string) => {
    const values = new Float32Array(countParameters(specs));
    let start = 0;
    for (const { name, shape } of specs) {
      const tensor = tensors[`${vector}.${name}`];
      if (tensor?.shape.join() !== shape.join()) {
        const found = tensor ? `is [${tensor.shape.join(', ')}]` : 'is missing';
        throw new UserError(
          `${source}: "${vector}.${name}" ${found}, this network needs [${shape.join(', ')}]; it belongs to another network`,
        );
      }
      values.set(tensor.data, start);
      start += tensor.data.length;
    }
    return values;
  };
  if (metadata.mdensity === undefined) {
    throw new UserError(`${source}: not a checkpoint of mdensity: its metadata has no position`);
  }
  const position = JSON.parse(metadata.mdensity) as Omit<Checkpoint, 'vectors'>;
  return { ...position, vectors: Object.fromEntries(vectors.map((name) => [name, join(name)])) };
}
