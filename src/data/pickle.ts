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
  ...{ kind: 'array', shape: [0], data: new Uint8Array(0), columnMajor: false },
});

/** The few calls that NumPy's arrays are written as. */
const dialect: PickleDialect = {
  origin: "CIFAR-10's Python version",
  fix: 'get the file again',
  calls: new Map<string, PickleCall>([
    ['numpy.core.multiarray._reconstruct', reconstruct],
    ['numpy._core.multiarray._reconstruct', reconstruct],
    [
      'numpy.dtype',
      ([name], faults) => ({ kind: 'dtype', name: pickledText(name, faults) }) as PickledType,
    ],
    // Python 3 writes bytes at protocol 2 as text to be encoded as Latin-1.
    ['_codecs.encode', ([text], faults) => Buffer.from(pickledText(text, faults), 'latin1')],
  ]),
  build,
};

/**
 * Reads a pickle as CIFAR-10's Python version has them: protocol 2 (or 3) of numbers, strings, lists,
 * tuples, dictionaries and NumPy arrays of bytes. It is a strict reader of data: nothing is imported and
 * nothing is called, whatever the file asks for.
 * Throws `UserError`, with the file and the byte, for any other opcode, name or type and for a file cut short.
 */
export function readPickle(data: Uint8Array, file: string): PickleValue {
  if (!isPickle(data)) {
    throw new UserError(`${file}: is no pickle of protocol 2; is it CIFAR-10's Python version?`);
  }
  return runPickle(data, file, dialect).value;
}

/** Gives an array or a type the state that NumPy wrote: (version, shape, dtype, columnMajor, bytes). */
function build(value: PickleValue, state: PickleValue, { refusal, corrupt }: Faults): void {
  if (isKind<PickledType>(value, 'dtype')) return;
  if (!isPickledArray(value) || !Array.isArray(state)) throw refusal('an object with a state');
  const [, shape, dtype, columnMajor, data] = state;
  const type = isKind<PickledType>(dtype, 'dtype') ? dtype.name : 'unknown';
  if (!['u1', 'uint8'].includes(type)) throw refusal(`an array of type ${type}`);
  if (!isWhole(shape) || typeof columnMajor !== 'boolean' || !(data instanceof Uint8Array)) {
    throw corrupt();
  }
  if (shape.reduce((product, length) => product * length, 1) !== data.length) throw corrupt();
  Object.assign(value, { shape, columnMajor, data });
}

/** Whether a value is an array of NumPy's. */
export function isPickledArray(value: PickleValue | undefined): value is PickledArray {
  return isKind<PickledArray>(value, 'array');
}
