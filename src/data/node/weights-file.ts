import { UserError } from '../../errors.ts';
import { readLargeBytes } from '../../files.ts';
import { listed } from '../../quoted.ts';
import { decodeSafeTensors } from '../safetensors.ts';
import { decodeModulePickle, isModulePickle, type PickledModule } from './module-pickle.ts';
import { decodeTorchState, isTorchFile, type TorchState } from './torch-file.ts';

/** Arrays of a weights file, by name. */
export interface DecodedWeights {
  readonly format: 'safetensors' | 'torch' | 'modules';
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >;
  /** Free-form strings that safetensors keep beside the arrays. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Names of what is in the file and was passed over: counters, and other parts of a checkpoint.
   */
  readonly passedOver: readonly string[];
  /** Of a pickled network: the modules that the arrays belong to, by path. */
  readonly modules?: Readonly<Record<string, PickledModule>>;
}

/**
 * Reads weights, from safetensors, from what `torch.save` writes (a state_dict, or a checkpoint
 * with one in it), or from a pickle of a network as NVlabs/edm publishes them: the bytes say which,
 * whatever the file is called. Floats of any width come as float32; arrays of whole numbers, such
 * as the counters of batch normalisation, are passed over. Nothing in the file is run. `source`
 * names it in errors. Arrays may share the memory of `bytes`.
 *
 * @throws UserError as `decodeSafeTensors`, `decodeTorchFile` and `decodeModulePickle`, and for an
 *   ONNX file or another.
 */
export function decodeWeights(bytes: Uint8Array, source: string): DecodedWeights {
  if (isTorchFile(bytes)) {
    return { format: 'torch', ...floatsOf(decodeTorchState(bytes, source), source) };
  }
  if (isModulePickle(bytes)) {
    const { modules, ...rest } = decodeModulePickle(bytes, source);
    return { format: 'modules', modules, ...floatsOf(rest, source) };
  }
  const isHeader = bytes.length >= 9 && bytes[8] === '{'.charCodeAt(0);
  if (!isHeader && /\.onnx$/i.test(source)) {
    throw new UserError(`${source}: is an ONNX model; give its weights as safetensors or .pt`, {
      code: 'unsupported',
      facts: { path: source },
    });
  }
  const { tensors, metadata, others } = decodeSafeTensors(bytes, source, { share: true });
  return { format: 'safetensors', tensors, metadata, passedOver: Object.keys(others) };
}

/** Reads a file; see `decodeWeights`. */
export async function readWeightsFile(path: string): Promise<DecodedWeights> {
  return decodeWeights(await readLargeBytes(path), path);
}

function floatsOf(
  { state, passedOver }: TorchState,
  source: string,
): Omit<DecodedWeights, 'format'> {
  const floats = Object.entries(state).flatMap(([name, { shape, data }]) => {
    if (!(data instanceof Float32Array)) return [];
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return [[name, { shape, data }] as const];
    throw new UserError(
      `${source}: ${listed([name])} has ${data[bad]} at element ${bad}; use an earlier checkpoint`,
      { code: 'unreadable', facts: { path: source, name, element: bad } },
    );
  });
  const tensors = Object.fromEntries(floats);
  const rest = Object.keys(state).filter((name) => !Object.hasOwn(tensors, name));
  return { tensors, metadata: {}, passedOver: [...passedOver, ...rest] };
}
