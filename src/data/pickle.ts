import { UserError } from '../errors.ts';
import {
  type Faults,
  isKind,
  isPickle,
  isWhole,
  type PickleCall,
  type PickleDialect,
  type PickleObject,
  type PickleValue,
  pickledText,
  runPickle,
} from './pickle-machine.ts';
import { sizeOf } from './shape.ts';

/** NumPy's array of unsigned bytes. `data` is a view of the file's bytes. */
export interface PickledArray extends PickleObject {
  readonly kind: 'array';
  shape: readonly number[];
  data: Uint8Array;
  /** First index fastest, NumPy's Fortran order. */
  columnMajor: boolean;
}

/** What NumPy makes of `dtype`. */
interface PickledType extends PickleObject {
  readonly kind: 'dtype';
  readonly name: string;
}

const reconstruct = (): PickledArray => ({
  kind: 'array',
  shape: [0],
  data: new Uint8Array(0),
  columnMajor: false,
});

/** The few calls that NumPy's arrays are written as. */
function createDialect(): PickleDialect {
  const encoded = new Map<string, Uint8Array>();
  return {
    origin: "CIFAR's Python version",
    fix: 'get the file again',
    calls: new Map<string, PickleCall>([
      ...['numpy.core', 'numpy._core'].flatMap((module): [string, PickleCall][] => [
        [`${module}.multiarray._reconstruct`, reconstruct],
        [`${module}.numeric._frombuffer`, fromBuffer],
      ]),
      [
        'numpy.dtype',
        ([name], faults) => ({ kind: 'dtype', name: pickledText(name, faults) }) as PickledType,
      ],
      [
        // Python 3 writes bytes at protocol 2 as text to be encoded as Latin-1.
        '_codecs.encode',
        ([text], faults) => {
          const latin = pickledText(text, faults);
          // The same text named again and again makes no more than one copy.
          const bytes = encoded.get(latin) ?? Buffer.from(latin, 'latin1');
          encoded.set(latin, bytes);
          return bytes;
        },
      ],
    ]),
    build,
  };
}

/** (bytes, dtype, shape, order): how protocol 5 has an array. */
const fromBuffer: PickleCall = ([data, dtype, shape, order], faults) => {
  const array = reconstruct();
  setArray(array, { shape, dtype, data, columnMajor: order === 'F' }, faults);
  return array;
};

/**
 * Reads a pickle as CIFAR's Python version has them: protocols 2 to 5 of numbers, strings, lists,
 * tuples, dictionaries and NumPy arrays of bytes. It is a strict reader of data: nothing is
 * imported and nothing is called, whatever the file asks for.
 *
 * @throws UserError, with the file and the byte, for any other opcode, name or type and for a file
 *   cut short.
 */
export function readPickle(data: Uint8Array, file: string): PickleValue {
  if (!isPickle(data)) {
    throw new UserError(
      `${file}: is no pickle of protocol 2 or later; is it CIFAR's Python version?`,
      { code: 'unreadable', facts: { path: file } },
    );
  }
  return runPickle(data, file, createDialect()).value;
}

/**
 * Gives an array or a type the state that NumPy wrote: (version, shape, dtype, columnMajor, bytes).
 */
function build(value: PickleValue, state: PickleValue, faults: Faults): void {
  if (isKind<PickledType>(value, 'dtype')) return;
  if (!isPickledArray(value) || !Array.isArray(state))
    throw faults.refusal('an object with a state');
  const [, shape, dtype, columnMajor, data] = state;
  setArray(value, { shape, dtype, columnMajor, data }, faults);
}

interface ArrayState {
  readonly shape: PickleValue | undefined;
  readonly dtype: PickleValue | undefined;
  readonly columnMajor: PickleValue | undefined;
  readonly data: PickleValue | undefined;
}

function setArray(
  array: PickledArray,
  { shape, dtype, columnMajor, data }: ArrayState,
  { refusal, corrupt }: Faults,
): void {
  const type = isKind<PickledType>(dtype, 'dtype') ? dtype.name : 'unknown';
  if (!['u1', 'uint8'].includes(type)) throw refusal(`an array of type ${type}`);
  if (!isWhole(shape) || typeof columnMajor !== 'boolean' || !(data instanceof Uint8Array)) {
    throw corrupt();
  }
  if (sizeOf(shape) !== data.length) throw corrupt();
  // A copy of the shape: lists of a pickle may change after they are named.
  Object.assign(array, { shape: [...shape], columnMajor, data });
}

/** Tells whether a value is an array of NumPy's. */
export function isPickledArray(value: PickleValue | undefined): value is PickledArray {
  return isKind<PickledArray>(value, 'array');
}
