/**
 * Networks of PyTorch pickled as objects, as NVIDIA's `torch_utils.persistence` writes them: each
 * module is a record of its class, the source of that class, and its state. State is read, source
 * passed over, and nothing is run.
 */
import { UserError } from '../../errors.ts';
import { listed, oneLine } from '../../quoted.ts';
import {
  type Faults,
  isKind,
  isPickle,
  type PickleCall,
  type PickleDialect,
  type PickleObject,
  type PickleValue,
  pickledText,
  runPickle,
} from '../pickle-machine.ts';
import { isTensor, type PickledStorage, type PickledTensor, tensorCalls } from '../torch-pickle.ts';
import { isTorchFile, openLegacy, type StateDict } from './torch-file.ts';
import { corrupt, readTensors } from './torch-tensors.ts';

/** A module: its class, and what it holds beside tensors and other modules. */
export interface PickledModule {
  readonly class: string;
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
}

/** A network: its modules and their tensors by paths from it; its own is empty. */
export interface ModuleTree {
  /** In the order in which they were made. */
  readonly modules: Readonly<Record<string, PickledModule>>;
  /** Parameters and buffers. */
  readonly state: StateDict;
  /** Names of what else is in the file. */
  readonly passedOver: readonly string[];
}

/** The entry that networks are published as: the average of their weights. */
const ENTRY = 'ema';
/** Modules around a module, of which networks have three, and characters of a name. */
const [DEEPEST, LONGEST] = [16, 100] as const;

/** An object: what is known of it is the name of its class and its state. */
interface PickledInstance extends PickleObject {
  readonly kind: 'instance';
  readonly class: string;
  state: ReadonlyMap<string, PickleValue>;
}

interface PickledType extends PickleObject {
  readonly kind: 'dtype';
  readonly name: string;
}

const isInstance = (value: PickleValue | undefined): value is PickledInstance & PickleValue =>
  isKind<PickledInstance>(value, 'instance');

/** Tells whether the bytes are a pickle that may hold modules. */
export const isModulePickle = (bytes: Uint8Array): boolean =>
  isPickle(bytes) && !isTorchFile(bytes);

/**
 * Reads the network of a pickle, the entry `ema` of its dictionary. `file` is named in errors.
 *
 * @throws UserError, one line, for any other class or function (with its name), a file without the
 *   entry, and one that is cut short or corrupt.
 */
export function decodeModulePickle(bytes: Uint8Array, file: string): ModuleTree {
  const storages = new Map<string, Uint8Array>();
  const { value } = runPickle(bytes, file, createDialect(file, storages));
  const entries = value instanceof Map ? value : new Map<string, PickleValue>();
  const root = entries.get(ENTRY);
  if (!isInstance(root)) {
    const found =
      entries.size > 0 ? `it has ${listed([...entries.keys()])}` : 'it is no dictionary';
    throw new UserError(
      `${file}: is no denoiser: its network would be the entry "${ENTRY}", and ${found}; give a pickle of NVlabs/edm.`,
      { code: 'unsupported', facts: { path: file, missing: ENTRY } },
    );
  }
  const { modules, tensors } = modulesOf(root, file);
  return {
    modules: Object.fromEntries(modules),
    state: readTensors(tensors, storages, { file, bytes: bytes.length }),
    passedOver: [...entries.keys()].filter((key) => key !== ENTRY),
  };
}

/** All that such files have; storages are put where they are named. */
function createDialect(file: string, storages: Map<string, Uint8Array>): PickleDialect {
  // A blob that is named again and again is one storage.
  const known = new Map<PickleValue | undefined, PickledStorage>();
  const load: PickleCall = ([blob], faults) => {
    const storage = known.get(blob) ?? storageOf(blob, faults, file, storages);
    known.set(blob, storage);
    return storage;
  };
  const calls = new Map<string, PickleCall>([
    ...tensorCalls,
    ['torch_utils.persistence._reconstruct_persistent_obj', persistent],
    ['torch.nn.modules.container.ModuleDict', () => instanceOf('ModuleDict')],
    ['torch.storage._load_from_bytes', load],
    ['dnnlib.util.EasyDict', () => new Map()],
    [
      'numpy.dtype',
      ([name], faults) => ({ kind: 'dtype', name: pickledText(name, faults) }) as PickledType,
    ],
    ['numpy.core.multiarray.scalar', scalar],
    ['numpy._core.multiarray.scalar', scalar],
  ]);
  return {
    origin: 'a network of NVlabs/edm',
    fix: 'give a file of that project, or a state_dict',
    calls,
    hasInstances: true,
    knows: (name) => calls.has(name),
    build: (value, state, faults) => {
      if (isKind<PickledType>(value, 'dtype')) return;
      if (!isInstance(value) || !(state instanceof Map)) {
        throw faults.refusal('an object with a state');
      }
      (value as PickledInstance).state = state;
    },
  };
}

const instanceOf = (name: string, state: PickledInstance['state'] = new Map()) =>
  ({ kind: 'instance', class: name, state }) as PickledInstance;

/** The record of an object: {type, version, module_src, class_name, state}. */
const persistent: PickleCall = ([record], faults) => {
  if (!(record instanceof Map)) throw faults.corrupt();
  const [type, name] = ['type', 'class_name'].map((key) => pickledText(record.get(key), faults));
  if (type !== 'class') throw faults.refusal(`a persistent ${type}`);
  const state = record.get('state') ?? new Map();
  if (!(state instanceof Map)) throw faults.corrupt();
  return instanceOf(name!, state);
};

/** A number of NumPy's: its type and its bytes. */
const scalar: PickleCall = ([type, bytes], faults) => {
  const name = isKind<PickledType>(type, 'dtype') ? type.name : 'unknown';
  if (name !== 'f8') throw faults.refusal(`a number of type ${name}`);
  if (!(bytes instanceof Uint8Array) || bytes.length !== 8) throw faults.corrupt();
  return Buffer.from(bytes).readDoubleLE();
};

/** A file of `torch.save`, of before it wrote ZIPs, that holds one storage. */
function storageOf(
  blob: PickleValue | undefined,
  faults: Faults,
  file: string,
  storages: Map<string, Uint8Array>,
): PickledStorage {
  if (!(blob instanceof Uint8Array)) throw faults.corrupt();
  const view = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const key = `${storages.size}`;
  const { value, storages: own } = openLegacy(view, `${file}: storage ${key}`);
  if (!isKind<PickledStorage>(value, 'storage')) throw faults.refusal('a blob of no storage');
  storages.set(key, own.get(value.key)!);
  return { ...(value as PickledStorage), key };
}

/** Lists modules and tensors by their paths. */
function modulesOf(root: PickledInstance, file: string) {
  const modules: [string, PickledModule][] = [];
  const tensors = new Map<string, PickledTensor>();
  const seen = new Set<PickledInstance>();
  const visit = (path: string, { class: name, state }: PickledInstance, depth: number) => {
    modules.push([path, { class: name, settings: settingsOf(state) }]);
    const under = (key: string) => (path === '' ? key : `${path}.${key}`);
    for (const kind of ['_parameters', '_buffers']) {
      for (const [key, tensor] of membersOf(state, kind, file)) {
        if (!isTensor(tensor)) throw corrupt(file, `${oneLine(under(key), 80)} is no tensor`);
        tensors.set(under(key), tensor);
      }
    }
    for (const [key, child] of membersOf(state, '_modules', file)) {
      if (!isInstance(child)) throw corrupt(file, `${oneLine(under(key), 80)} is no module`);
      if (seen.has(child) || depth === DEEPEST) {
        const what = seen.has(child) ? 'stands twice' : `lies in more than ${DEEPEST} others`;
        throw corrupt(file, `module ${oneLine(under(key), 80)} ${what}`);
      }
      seen.add(child);
      visit(under(key), child, depth + 1);
    }
  };
  seen.add(root);
  visit('', root, 0);
  return { modules, tensors };
}

/** What of a module's state is there; what it could have and has not is null. */
function membersOf(state: PickledInstance['state'], kind: string, file: string) {
  const members = state.get(kind) ?? new Map<string, PickleValue>();
  if (!(members instanceof Map)) throw corrupt(file, `${kind} of a module is no dictionary`);
  const long = [...members.keys()].find((name) => name.length > LONGEST);
  if (long !== undefined) throw corrupt(file, `the name ${oneLine(long, 40)} is too long`);
  return [...members].filter(([, value]) => value !== null);
}

function settingsOf(state: PickledInstance['state']): PickledModule['settings'] {
  const plain = [...state].filter(
    (entry): entry is [string, string | number | boolean | null] =>
      !entry[0].startsWith('_') && (entry[1] === null || typeof entry[1] !== 'object'),
  );
  return Object.fromEntries(plain);
}
