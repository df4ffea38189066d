import { z } from 'zod';
import {
  decodeSafeTensors,
  encodeSafeTensors,
  type NamedArray,
  type SafeTensors,
} from '../data/safetensors.ts';
import { UserError } from '../errors.ts';
import { sizeOf } from '../graph/index.ts';
import { countParameters, type ParameterSpec } from '../nn/index.ts';
import type { Pending } from './meter.ts';

/**
 * All that a run needs to go on: flat vectors [P] by name (`parameters`, `average`, optimizer
 * slots), and how far it came. Order of the data and noise are functions of the seed and the step.
 */
export interface Checkpoint {
  readonly step: number;
  readonly seed: number;
  /** Examples seen: the position in the shuffled epochs. */
  readonly examples: number;
  /** Loss of the first step, which later ones are judged by. */
  readonly initialLoss?: number | undefined;
  /** What the next line of the metrics has averaged so far. */
  readonly pending?: Pending | undefined;
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

const positionSchema = z.object({
  step: z.int().min(0),
  seed: z.int().min(0),
  examples: z.int().min(0),
  initialLoss: z.number().optional(),
  pending: z
    .object({ steps: z.int().min(0), loss: z.number(), gradientNorm: z.number() })
    .optional(),
});

/**
 * Encodes a checkpoint as safetensors: each vector cut into arrays named `<vector>.<parameter>`.
 */
export function encodeCheckpoint(
  { vectors, ...position }: Checkpoint,
  specs: readonly ParameterSpec[],
): Uint8Array {
  const tensors: Record<string, NamedArray> = {};
  for (const [vector, values] of Object.entries(vectors)) {
    let start = 0;
    for (const { name, shape } of specs) {
      const end = start + sizeOf(shape);
      tensors[`${vector}.${name}`] = { shape, data: values.subarray(start, end) };
      start = end;
    }
  }
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
  const position = readPosition(metadata, source);
  const join = (vector: string) => joinVector(tensors, vector, specs, source);
  return { ...position, vectors: Object.fromEntries(vectors.map((name) => [name, join(name)])) };
}

function joinVector(
  tensors: SafeTensors['tensors'],
  vector: string,
  specs: readonly ParameterSpec[],
  source: string,
): Float32Array {
  const values = new Float32Array(countParameters(specs));
  let start = 0;
  for (const { name, shape } of specs) {
    const tensor = tensors[`${vector}.${name}`];
    if (tensor?.shape.join() !== shape.join()) {
      const found = tensor ? `is [${tensor.shape.join(', ')}]` : 'is missing';
      throw new UserError(
        `${source}: "${vector}.${name}" ${found}, this network needs [${shape.join(', ')}]; the checkpoint belongs to another network, use one of this run`,
      );
    }
    values.set(tensor.data, start);
    start += tensor.data.length;
  }
  return values;
}

function readPosition(metadata: SafeTensors['metadata'], source: string) {
  try {
    return positionSchema.parse(JSON.parse(metadata.mdensity ?? ''));
  } catch (cause) {
    throw new UserError(
      `${source}: not a checkpoint of mdensity: its metadata has no position; use another checkpoint`,
      { cause },
    );
  }
}
