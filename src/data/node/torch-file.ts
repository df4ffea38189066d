import { UserError } from '../../errors.ts';
import { readBytes } from '../../files.ts';
import { listed, oneLine, quoted } from '../../quoted.ts';
import { type PickleValue, runPickle } from '../pickle-machine.ts';
import { createTorchDialect, isTensor, type PickledTensor, storageTypes } from '../torch-pickle.ts';
import { corrupt, readTensors, type Tensors, type TorchTensor } from './torch-tensors.ts';
import { openZip } from './zip.ts';

/** Tensors by name, in the order of the file. */
export type StateDict = Readonly<Record<string, TorchTensor>>;

/** The pickled object, and the bytes of each storage it names. */
export interface Contents {
  readonly value: PickleValue;
  readonly storages: ReadonlyMap<string, Uint8Array>;
}

/** The pickle of PyTorch's magic number, by which files older than the ZIP format begin. */
const MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const SAVE = 'save one in PyTorch: torch.save(model.state_dict(), path)';

/**
 * Reads a state_dict as `torch.save` writes it: the ZIP format (PyTorch 1.6 and later) and the one
 * before, tensors of float32, float16, bfloat16 and int64 with any strides, also where they share
 * storage. Nothing in the file is run. `file` is named in errors.
 *
 * @throws UserError, one line, for anything else that was pickled (with its name), other types, a
 *   file that is cut short, corrupt, big-endian, a TorchScript program or none of PyTorch's.
 */
export function decodeTorchFile(bytes: Uint8Array, file: string): StateDict {
  return decodeTorchState(bytes, file).state;
}

/** A state_dict, and the names of what else the file holds. */
export interface TorchState {
  readonly state: StateDict;
  readonly passedOver: readonly string[];
}

/**
 * Decodes as `decodeTorchFile` does; of a checkpoint with one state_dict beside other things it
 * says what those are.
 */
export function decodeTorchState(bytes: Uint8Array, file: string): TorchState {
  const { value, storages } = openContents(bytes, file);
  if (!(value instanceof Map)) throw noState(file);
  const { tensors, passedOver } = stateIn(value, file);
  return { state: readTensors(tensors, storages, { file, bytes: bytes.length }), passedOver };
}

/** The file's own dictionary, or the only one in it that holds nothing but tensors. */
function stateIn(
  value: ReadonlyMap<string, PickleValue>,
  file: string,
): { readonly tensors: Tensors; readonly passedOver: readonly string[] } {
  const other = [...value].find(([, tensor]) => !isTensor(tensor));
  if (other === undefined) return { tensors: value as Tensors, passedOver: [] };
  const inner = [...value].flatMap(([name, part]) =>
    isState(part) ? [[name, part] as const] : [],
  );
  const [first, second] = inner;
  const facts = { path: file, name: other[0], states: inner.map(([name]) => name) };
  if (second !== undefined) {
    throw new UserError(
      `${file}: has several state_dicts (${listed(facts.states)}); save the one that is meant: torch.save(checkpoint[name], path).`,
      { code: 'unsupported', facts },
    );
  }
  if (first === undefined) {
    throw new UserError(
      `${file}: ${quoted(other[0])} is no tensor, so this is no state_dict; ${SAVE}.`,
      { code: 'unsupported', facts },
    );
  }
  const [name, tensors] = first;
  return { tensors, passedOver: [...value.keys()].filter((key) => key !== name) };
}

function isState(value: PickleValue): value is Map<string, PickledTensor> & PickleValue {
  return value instanceof Map && value.size > 0 && [...value.values()].every(isTensor);
}

/** Tells whether the bytes begin as a file of `torch.save` does, in either format. */
export function isTorchFile(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [ZIP, MAGIC].some((start) => view.subarray(0, start.length).equals(start));
}

/** Reads a file; see `decodeTorchFile`. */
export async function readTorchFile(path: string): Promise<StateDict> {
  return decodeTorchFile(await readBytes(path), path);
}

function openContents(bytes: Uint8Array, file: string): Contents {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.subarray(0, ZIP.length).equals(ZIP)) return openArchive(bytes, file);
  if (view.subarray(0, MAGIC.length).equals(MAGIC)) return openLegacy(view, file);
  throw new UserError(
    `${file}: is no file of torch.save; is the path right, and did it come whole?`,
    { code: 'unreadable', facts: { path: file } },
  );
}

function openArchive(bytes: Uint8Array, file: string): Contents {
  const { names, read } = openZip(bytes, file);
  const pickle = names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw new UserError(`${file}: is a ZIP but no file of torch.save; is the path right?`, {
      code: 'unreadable',
      facts: { path: file },
    });
  }
  const root = pickle.slice(0, -'data.pkl'.length);
  if (names.some((name) => name.startsWith(`${root}code/`))) {
    throw new UserError(`${file}: is a TorchScript program, no state_dict; ${SAVE}.`, {
      code: 'unsupported',
      facts: { path: file },
    });
  }
  const order = `${root}byteorder`;
  checkOrder(!names.includes(order) || Buffer.from(read(order)).toString() === 'little', file);
  const { dialect, storages } = createTorchDialect();
  const { value } = runPickle(read(pickle), file, dialect);
  const found = [...storages].map(([key, type]) => {
    const name = `${root}data/${key}`;
    if (!names.includes(name)) throw corrupt(file, `${oneLine(name)} is missing`);
    const data = read(name);
    return [key, data.subarray(0, data.length - (data.length % storageTypes.get(type)!.bytes))];
  });
  return { value, storages: new Map(found as [string, Uint8Array][]) };
}

/**
 * Opens the format before ZIP: magic number, version, machine, object and keys as pickles, then
 * storages, each behind its size.
 */
export function openLegacy(bytes: Buffer, file: string): Contents {
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
  for (const key of keys.value) {
    if (typeof key !== 'string') throw corrupt(file, 'a storage has no name');
    if (found.has(key)) throw corrupt(file, `storage ${oneLine(key)} stands twice`);
    const type = storageTypes.get(storages.get(key) ?? '');
    if (type === undefined) throw corrupt(file, 'it has a storage that no tensor uses');
    const start = at + 8;
    at = start > bytes.length ? start : start + Number(bytes.readBigInt64LE(at)) * type.bytes;
    if (at < start) throw corrupt(file, `storage ${oneLine(key)} has a size below zero`);
    if (at > bytes.length) {
      throw new UserError(`${file}: is cut short at byte ${bytes.length}; get the file again.`, {
        code: 'unreadable',
        facts: { path: file, byte: bytes.length },
      });
    }
    found.set(key, bytes.subarray(start, at));
  }
  const missing = [...storages.keys()].find((key) => !found.has(key));
  if (missing !== undefined) throw corrupt(file, `storage ${oneLine(missing)} is missing`);
  return { value, storages: found };
}

const noState = (file: string) =>
  new UserError(`${file}: holds no state_dict; ${SAVE}.`, {
    code: 'unsupported',
    facts: { path: file },
  });

function checkOrder(isLittle: boolean, file: string): void {
  if (isLittle) return;
  throw new UserError(
    `${file}: was written by a big-endian machine; load and save it in PyTorch on a little-endian one.`,
    { code: 'unsupported', facts: { path: file } },
  );
}
