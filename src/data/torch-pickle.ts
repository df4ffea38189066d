import { fromHalf } from '../half.ts';
import { mapInto } from '../map-into.ts';
import { placeOf } from './aligned.ts';
import {
  type Faults,
  isKind,
  isWhole,
  type PickleCall,
  type PickleDialect,
  type PickleObject,
  type PickleValue,
  pickledText,
} from './pickle-machine.ts';

/** Numbers of a tensor: floats of any width, or int64. */
export type Numbers = Float32Array | BigInt64Array;

/** Where a tensor's numbers are: the storage of a key, of numbers of one type. */
export interface PickledStorage extends PickleObject {
  readonly kind: 'storage';
  readonly key: string;
  readonly type: string;
  /** Number of items. */
  readonly count: number;
}

/** A tensor: item (i, j, …) is item `offset + i·strides[0] + j·strides[1] + …` of its storage. */
export interface PickledTensor extends PickleObject {
  readonly kind: 'tensor';
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

interface StorageType {
  /** Of an item. */
  readonly bytes: 2 | 4 | 8;
  /** The numbers in aligned bytes of this machine's order; floats and integers where they stand. */
  readonly read: (bytes: Uint8Array) => Numbers;
}

/** What a storage's Python class says of its items. */
export const storageTypes: ReadonlyMap<string, StorageType> = new Map<string, StorageType>([
  ['torch.FloatStorage', { bytes: 4, read: (bytes) => new Float32Array(...placeOf(bytes, 4)) }],
  [
    'torch.HalfStorage',
    { bytes: 2, read: (bytes) => fromHalf(new Uint16Array(...placeOf(bytes, 2))) },
  ],
  [
    'torch.BFloat16Storage',
    { bytes: 2, read: (bytes) => fromBrain(new Uint16Array(...placeOf(bytes, 2))) },
  ],
  ['torch.LongStorage', { bytes: 8, read: (bytes) => new BigInt64Array(...placeOf(bytes, 8)) }],
]);

/** bfloat16 is the upper half of a float32. */
const fromBrain = (halves: Uint16Array) =>
  new Float32Array(mapInto(new Uint32Array(halves.length), halves, (half) => half << 16).buffer);

/** The few calls that tensors and their dictionary are written as. */
export const tensorCalls: ReadonlyMap<string, PickleCall> = new Map<string, PickleCall>([
  ['collections.OrderedDict', ([pairs = []], faults) => dictionary(pairs, faults)],
  ['torch._utils._rebuild_tensor', tensor],
  ['torch._utils._rebuild_tensor_v2', tensor],
  [
    'torch._utils._rebuild_parameter',
    ([data], { corrupt }) => {
      if (isTensor(data)) return data;
      throw corrupt();
    },
  ],
]);

/**
 * Creates the dialect of pickles that hold a state_dict, and keeps the storages that one names:
 * type by key.
 */
export function createTorchDialect(): {
  readonly dialect: PickleDialect;
  readonly storages: ReadonlyMap<string, string>;
} {
  const storages = new Map<string, string>();
  const persistent: PickleDialect['persistent'] = (id, faults) => {
    const storage = storageOf(id, faults);
    const type = storages.get(storage.key) ?? storage.type;
    if (type !== storage.type) throw faults.refusal(`one storage as ${type} and ${storage.type}`);
    storages.set(storage.key, type);
    return storage;
  };
  const dialect: PickleDialect = {
    origin: 'a state_dict of plain float32, float16, bfloat16 and int64 tensors',
    fix: 'save one in PyTorch: torch.save(model.state_dict(), path)',
    calls: tensorCalls,
    persistent,
    knows: (name) => tensorCalls.has(name) || storageTypes.has(name),
    // A module's state_dict has versions of its modules as an attribute.
    build: (value, _, { refusal }) => {
      if (!(value instanceof Map)) throw refusal('an object with a state');
    },
  };
  return { dialect, storages };
}

/** Tells whether a value is a tensor of PyTorch's. */
export function isTensor(value: PickleValue | undefined): value is PickledTensor & PickleValue {
  return isKind<PickledTensor>(value, 'tensor');
}

/** Pairs, as Python 2 hands them to a dictionary; Python 3 sets them one by one later. */
function dictionary(pairs: PickleValue, faults: Faults): Map<string, PickleValue> {
  if (!Array.isArray(pairs)) throw faults.corrupt();
  return new Map(
    pairs.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw faults.corrupt();
      return [pickledText(pair[0], faults), pair[1]!];
    }),
  );
}

/** ('storage', type, key, device, count), and an older way to say that it is a part of another. */
function storageOf(id: PickleValue, faults: Faults): PickledStorage {
  if (!Array.isArray(id)) throw faults.corrupt();
  const [what, type, key, , count, view = null] = id;
  const kind = pickledText(what, faults);
  if (kind !== 'storage') throw faults.refusal(`a ${kind}`);
  if (view !== null) throw faults.refusal('a view of a storage');
  if (!isKind<PickleObject & { readonly kind: 'name'; readonly name: string }>(type, 'name')) {
    throw faults.corrupt();
  }
  if (!storageTypes.has(type.name) || !isWhole([count ?? null])) throw faults.corrupt();
  return {
    kind: 'storage',
    key: pickledText(key, faults),
    type: type.name,
    count: count as number,
  };
}

/** (storage, offset, shape, strides), then what only matters in training. */
function tensor(args: readonly PickleValue[], { corrupt }: Faults): PickledTensor {
  const [storage, offset, shape, strides] = args;
  if (!isKind<PickledStorage>(storage, 'storage') || !isWhole([offset ?? null])) throw corrupt();
  if (!isWhole(shape) || !isWhole(strides) || shape.length !== strides.length) throw corrupt();
  const items = shape.includes(0)
    ? 0
    : shape.reduce((last, n, i) => last + (n - 1) * strides[i]!, 1);
  if (items > 0 && (offset as number) + items > storage.count) throw corrupt();
  return { kind: 'tensor', storage, offset: offset as number, shape, strides };
}
