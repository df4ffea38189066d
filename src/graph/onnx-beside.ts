/** ONNX models that keep their weights in files beside them, as PyTorch writes them today. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type TensorProto, TensorProto_DataLocation } from 'onnx-buf';
import { quoted } from '../quoted.ts';
import { GraphError } from './error.ts';
import { isOutside, tensorsIn } from './onnx-tensors.ts';
import { elementBytes } from './types.ts';

/** Bytes of a file beside the model, by the location that the model gives. */
export type ReadBeside = (location: string) => Promise<Uint8Array>;

/** Most bytes of a model with its weights: what one message of ONNX can hold. */
const LARGEST = 2 ** 31 - 1;

/**
 * Brings a model's weights inside it. Locations are relative paths without `..`; `read` is asked
 * for each once, and has to see that links do not lead elsewhere. A model without such weights
 * comes back as it is. `source` names the model in errors.
 *
 * @throws GraphError for a location that leads out of the model's folder, parts that do not lie in
 *   their file or do not fit their shape, and more than 2 GiB in all.
 */
export async function bringInside(
  bytes: Uint8Array,
  source: string,
  read: ReadBeside,
): Promise<Uint8Array> {
  const model = parse(bytes);
  const tensors = model ? tensorsIn(model).filter(isOutside) : [];
  if (model === undefined || tensors.length === 0) return bytes;
  const files = new Map<string, Uint8Array>();
  let total = bytes.length;
  for (const tensor of tensors) {
    const { location, offset, length } = placeOf(tensor, source);
    const file = files.get(location) ?? (await read(location));
    files.set(location, file);
    const size = length ?? file.length - offset;
    checkEnd(tensor, { location, end: offset + size, size, all: file.length }, source);
    checkSize(tensor, size, source);
    total += size;
    if (total > LARGEST)
      throw fault(source, 'is larger than 2 GiB with its weights; give a smaller one');
    tensor.rawData = new Uint8Array(file.buffer as ArrayBuffer, file.byteOffset + offset, size);
    tensor.externalData = [];
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
  }
  return toBinary(ModelProtoSchema, model);
}

/** Bytes of a file beside the model, by the location that the model gives. */
export type SizeBeside = (location: string) => Promise<number>;

/**
 * Counts the bytes of a model with those beside it, and checks where they are said to be, as
 * `bringInside` does: 0 beside it where all is in the model.
 *
 * @throws GraphError as `bringInside`.
 */
export async function measureBeside(
  bytes: Uint8Array,
  source: string,
  sizeOf: SizeBeside,
): Promise<{ readonly beside: number; readonly isLarge: boolean }> {
  const model = parse(bytes);
  const tensors = model ? tensorsIn(model).filter(isOutside) : [];
  const sizes = new Map<string, number>();
  let beside = 0;
  for (const tensor of tensors) {
    const { location, offset, length } = placeOf(tensor, source);
    const all = sizes.get(location) ?? (await sizeOf(location));
    sizes.set(location, all);
    const size = length ?? all - offset;
    checkEnd(tensor, { location, end: offset + size, size, all }, source);
    checkSize(tensor, size, source);
    beside += size;
  }
  return { beside, isLarge: bytes.length + beside > LARGEST };
}

/** The bytes of a tensor must lie in their file. */
function checkEnd(
  { name }: TensorProto,
  place: {
    readonly location: string;
    readonly end: number;
    readonly size: number;
    readonly all: number;
  },
  source: string,
): void {
  const { location, end, size, all } = place;
  if (end <= all && size >= 0) return;
  throw fault(
    source,
    `${quoted(name)} ends at byte ${end} of ${quoted(location)}, which has ${all}; get both files again`,
  );
}

function parse(bytes: Uint8Array) {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    // Said where the model is read.
    return undefined;
  }
}

function fault(source: string, problem: string): GraphError {
  return new GraphError(`${source}: ${problem}`, {
    code: 'unreadable',
    facts: { path: source },
  });
}

function placeOf({ name, externalData }: TensorProto, source: string) {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location') ?? '';
  const parts = location.split(/[\\/]/);
  const leadsOut =
    /^([\\/]|[a-z]:)/i.test(location) || parts.includes('..') || location.includes('\0');
  if (location === '' || leadsOut) {
    throw fault(
      source,
      `keeps ${quoted(name)} in ${quoted(location)}, which is not in the model's folder; export the model again`,
    );
  }
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw fault(
      source,
      `the ${key} of ${quoted(name)} is ${quoted(text, 20)}, no number of bytes; export the model again`,
    );
  };
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

/** The bytes of a tensor must be those of its shape, where the size of its elements is known. */
function checkSize({ name, dims, dataType }: TensorProto, size: number, source: string): void {
  const element = elementBytes(dataType);
  if (element === undefined) return;
  const count = dims.reduce((product, n) => product * Number(n), 1);
  if (count * element === size) return;
  throw fault(
    source,
    `${quoted(name)} [${dims.join(', ')}] has ${size} bytes, ${count * element} expected; get both files again`,
  );
}
