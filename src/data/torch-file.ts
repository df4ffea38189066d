import { endianness } from 'node:os';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { swapBytes } from './hash.ts';
import { type PickleValue, runPickle } from './pickle-machine.ts';
import {
  createTorchDialect,
  isTensor,
  type Numbers,
  type PickledTensor,
  storageTypes,
} from './torch-pickle.ts';
import { unzip } from './zip.ts';

/** A tensor of a file: row-major values and their shape. Tensors that share storage may share memory. */
export interface TorchTensor {
  readonly shape: readonly number[];
  /** Halves and bfloat16 are widened; int64 stays what it is. */
  readonly data: Numbers;
}

/** Tensors by name, in the order of the file. */
export type StateDict = Readonly<Record<string, TorchTensor>>;

/** The pickled object, and the bytes of each storage it names. */
interface Contents {
  readonly value: PickleValue;
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

/** The pickle of PyTorch's magic number, by which files older than the ZIP format begin. */
const MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
/** Most items that a tensor may have: strides of zero make any number out of one. */
const LARGEST = 2 ** 29;
const SAVE = 'save one in PyTorch: torch.save(model.state_dict(), path)';

/**
 * Reads a state_dict as `torch.save` writes it: the ZIP format (PyTorch 1.6 and later) and the one before,
 * tensors of float32, float16, bfloat16 and int64 with any strides, also where they share storage.
 * Nothing in the file is run. `file` is named in errors.
 * Throws `UserError`, one line, for anything else that was pickled (with its name), other types, a file
 * that is cut short, corrupt, big-endian, a TorchScript program or none of PyTorch's.
 */
export function decodeTorchFile(bytes: Uint8Array, file: string): StateDict {
  const { value, storages } = openContents(bytes, file);
  if (!(value instanceof Map)) throw new UserError(`${file}: holds no state_dict; ${SAVE}.`);
  const decoded = new Map<string, Numbers>();
  const numbersOf = ({ storage: { key, type, count } }: PickledTensor): Numbers => {
    const numbers = decoded.get(key) ?? decodeNumbers(storages.get(key)!, type);
    decoded.set(key, numbers);
    if (numbers.length < count) throw corrupt(file, `storage ${key} is too small`);
    return numbers;
  };
  const entries = [...value].map(([name, tensor]) => {
    if (!isTensor(tensor)) {
      throw new UserError(`${file}: "${name}" is no tensor, so this is no state_dict; ${SAVE}.`);
    }
    const data = arrange(tensor, numbersOf(tensor), `${file}: "${name}"`);
    return [name, { shape: [...tensor.shape], data }];
  });
  return Object.fromEntries(entries);
}

/** Reads a file; see `decodeTorchFile`. */
export async function readTorchFile(path: string): Promise<StateDict> {
  return decodeTorchFile(await readBytes(path), path);
}

function openContents(bytes: Uint8Array, file: string): Contents {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.subarray(0, ZIP.length).equals(ZIP)) return openZip(bytes, file);
  if (view.subarray(0, MAGIC.length).equals(MAGIC)) return openLegacy(view, file);
  throw new UserError(
    `${file}: is no file of torch.save; is the path right, and did it come whole?`,
  );
}

function openZip(bytes: Uint8Array, file: string): Contents {
  const members = new Map(Object.entries(unzip(bytes, file)));
  const pickle = [...members.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw new UserError(`${file}: is a ZIP but no file of torch.save; is the path right?`);
  }
  const root = pickle.slice(0, -'data.pkl'.length);
  if ([...members.keys()].some((name) => name.startsWith(`${root}code/`))) {
    throw new UserError(`${file}: is a TorchScript program, no state_dict; ${SAVE}.`);
  }
  const order = members.get(`${root}byteorder`);
  checkOrder(order === undefined || Buffer.from(order).toString() === 'little', file);
  const { dialect, storages } = createTorchDialect();
  const { value } = runPickle(members.get(pickle)!, file, dialect);
  const found = [...storages].map(([key, type]) => {
    const data = members.get(`${root}data/${key}`);
    if (data === undefined) throw corrupt(file, `${root}data/${key} is missing`);
    return [key, data.subarray(0, data.length - (data.length % storageTypes.get(type)!.bytes))];
  });
  return { value, storages: new Map(found as [string, Uint8Array][]) };
}

/** Magic number, version, machine, object and keys as pickles, then storages, each behind its size. */
function openLegacy(bytes: Buffer, file: string): Contents {
  const { dialect, storages } = createTorchDialect();
  const version = runPickle(bytes, file, dialect, MAGIC.length);
  const machine = runPickle(bytes, file, dialect, version.end);
  if (!(machine.value instanceof Map)) throw corrupt(file, 'it does not say what wrote it');
  checkOrder(machine.value.get('little_endian') !== false, file);
  const { value, end } = runPickle(bytes, file, dialect, machine.end);
  const keys = runPickle(bytes, file, dialect, end);
  if (!Array.isArray(keys.value)) throw corrupt(file, 'its storages have no names');
  const found = new Map<string, Uint8Array>();
  let at = keys.end;
  for (const key of keys.value.map((key) => `${key}`)) {
    const type = storageTypes.get(storages.get(key) ?? '');
    if (type === undefined) throw corrupt(file, 'it has a storage that no tensor uses');
    const start = at + 8;
    at = start > bytes.length ? start : start + Number(bytes.readBigInt64LE(at)) * type.bytes;
    if (at < start) throw corrupt(file, `storage ${key} has a size below zero`);
    if (at > bytes.length) {
      throw new UserError(`${file}: is cut short at byte ${bytes.length}; get the file again.`);
    }
    found.set(key, bytes.subarray(start, at));
  }
  const missing = [...storages.keys()].find((key) => !found.has(key));
  if (missing !== undefined) throw corrupt(file, `storage ${missing} is missing`);
  return { value, storages: found };
}

function corrupt(file: string, what: string): UserError {
  return new UserError(`${file}: is corrupt: ${what}; get or save the file again.`);
}

function checkOrder(isLittle: boolean, file: string): void {
  if (isLittle) return;
  throw new UserError(
    `${file}: was written by a big-endian machine; load and save it in PyTorch on a little-endian one.`,
  );
}

function decodeNumbers(bytes: Uint8Array, type: string): Numbers {
  const { bytes: size, read } = storageTypes.get(type)!;
  // A copy: in the file, numbers stand at any byte.
  const own = Uint8Array.from(bytes);
  if (endianness() === 'BE') swapBytes(Buffer.from(own.buffer), size);
  return read(own.buffer);
}

/** A tensor's numbers in row-major order; those of a tensor that has it already are a view. */
function arrange({ shape, strides, offset }: PickledTensor, from: Numbers, name: string): Numbers {
  const count = shape.reduce((product, length) => product * length, 1);
  if (count > LARGEST) {
    throw new UserError(`${name} has ${count} items, more than ${LARGEST}; give a smaller tensor.`);
  }
  if (isRowMajor(shape, strides)) return from.subarray(offset, offset + count);
  const data = from instanceof Float32Array ? new Float32Array(count) : new BigInt64Array(count);
  const at = shape.map(() => 0);
  for (let i = 0, place = offset; i < count; i++) {
    data[i] = from[place]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      place -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return data;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  return shape.toReversed().every((length, i) => {
    const fits = length === 1 || strides.at(-1 - i) === expected;
    expected *= length;
    return fits;
  });
}
