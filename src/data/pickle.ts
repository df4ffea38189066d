import { UserError } from '../errors.ts';

/** A Python value. Byte strings (`str` of Python 2, `bytes` of Python 3) are bytes; dictionaries have text keys. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<string, PickleValue>
  | PickledArray
  | PickledName;

/** NumPy's array of unsigned bytes. `data` is a view of the file's bytes. */
export interface PickledArray {
  readonly kind: 'array';
  shape: readonly number[];
  data: Uint8Array;
  /** First index fastest, NumPy's Fortran order. */
  columnMajor: boolean;
}

/** A name of a Python module, or what NumPy makes of `dtype`. Nothing is looked up or called. */
interface PickledName {
  readonly kind: 'name' | 'dtype';
  readonly name: string;
}

interface Machine {
  readonly bytes: Buffer;
  readonly file: string;
  at: number;
  stack: PickleValue[];
  /** Stacks below the open marks. */
  readonly marks: PickleValue[][];
  readonly memo: Map<number, PickleValue>;
}

const proto = 0x80;
const stop = 0x2e;

/**
 * Reads a pickle as CIFAR-10's Python version has them: protocol 2 (or 3) of numbers, strings, lists,
 * tuples, dictionaries and NumPy arrays of bytes. It is a strict reader of data: nothing is imported and
 * nothing is called, whatever the file asks for.
 * Throws `UserError`, with the file and the byte, for any other opcode, name or type and for a file cut short.
 */
export function readPickle(data: Uint8Array, file: string): PickleValue {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const machine: Machine = { bytes, file, at: 0, stack: [], marks: [], memo: new Map() };
  if (bytes[0] !== proto) {
    throw new UserError(`${file}: is no pickle of protocol 2; is it CIFAR-10's Python version?`);
  }
  for (;;) {
    const start = machine.at;
    const opcode = take(machine, 1)[0] as number;
    if (opcode === stop) return pop(machine);
    const rule = opcodes[opcode];
    if (rule === undefined) {
      const shown = `0x${opcode.toString(16).padStart(2, '0')}`;
      throw refusal(machine, `opcode ${shown} at byte ${start}`);
    }
    rule(machine);
  }
}

/** One rule for each opcode that such files have; names and meanings are those of Python's `pickletools`. */
const opcodes: Readonly<Record<number, (m: Machine) => void>> = {
  [proto]: (m) => {
    const version = uint(m, 1);
    if (version < 2 || version > 3) throw refusal(m, `protocol ${version}`);
  },
  // Constants and numbers: NONE, NEWTRUE, NEWFALSE, BININT, BININT1, BININT2, LONG1.
  [code('N')]: (m) => m.stack.push(null),
  136: (m) => m.stack.push(true),
  137: (m) => m.stack.push(false),
  [code('J')]: (m) => m.stack.push(take(m, 4).readInt32LE()),
  [code('K')]: (m) => m.stack.push(uint(m, 1)),
  [code('M')]: (m) => m.stack.push(uint(m, 2)),
  138: (m) => m.stack.push(long(m)),
  // Byte strings and text: SHORT_BINSTRING, BINSTRING, SHORT_BINBYTES, BINBYTES, BINUNICODE.
  [code('U')]: (m) => m.stack.push(take(m, uint(m, 1))),
  [code('T')]: (m) => m.stack.push(take(m, uint(m, 4))),
  [code('C')]: (m) => m.stack.push(take(m, uint(m, 1))),
  [code('B')]: (m) => m.stack.push(take(m, uint(m, 4))),
  [code('X')]: (m) => m.stack.push(take(m, uint(m, 4)).toString('utf8')),
  // Collections: MARK, EMPTY_TUPLE, TUPLE, TUPLE1 to 3, EMPTY_LIST, APPEND, APPENDS, EMPTY_DICT, SETITEM, SETITEMS.
  [code('(')]: (m) => {
    m.marks.push(m.stack);
    m.stack = [];
  },
  [code(')')]: (m) => m.stack.push([]),
  [code('t')]: (m) => {
    const items = sinceMark(m);
    m.stack.push(items);
  },
  133: (m) => m.stack.push(popSome(m, 1)),
  134: (m) => m.stack.push(popSome(m, 2)),
  135: (m) => m.stack.push(popSome(m, 3)),
  [code(']')]: (m) => m.stack.push([]),
  [code('a')]: (m) => append(m, popSome(m, 1)),
  [code('e')]: (m) => append(m, sinceMark(m)),
  [code('}')]: (m) => m.stack.push(new Map()),
  [code('s')]: (m) => setItems(m, popSome(m, 2)),
  [code('u')]: (m) => setItems(m, sinceMark(m)),
  // Memory: BINPUT, LONG_BINPUT, BINGET, LONG_BINGET.
  [code('q')]: (m) => m.memo.set(uint(m, 1), top(m)),
  [code('r')]: (m) => m.memo.set(uint(m, 4), top(m)),
  [code('h')]: (m) => recall(m, uint(m, 1)),
  [code('j')]: (m) => recall(m, uint(m, 4)),
  // Objects: GLOBAL, REDUCE, BUILD.
  [code('c')]: (m) => m.stack.push({ kind: 'name', name: `${line(m)}.${line(m)}` }),
  [code('R')]: reduce,
  [code('b')]: build,
};

function code(letter: string): number {
  return letter.charCodeAt(0);
}

function refusal({ file }: Machine, what: string): UserError {
  return new UserError(
    `${file}: the pickle has ${what}, which CIFAR-10's Python version does not; get the file again.`,
  );
}

function corrupt({ file, at }: Machine): UserError {
  return new UserError(`${file}: the pickle is corrupt before byte ${at}; get the file again.`);
}

function take(m: Machine, length: number): Buffer {
  const end = m.at + length;
  if (end > m.bytes.length) {
    throw new UserError(
      `${m.file}: the pickle is cut short at byte ${m.bytes.length}; get the file again.`,
    );
  }
  const bytes = m.bytes.subarray(m.at, end);
  m.at = end;
  return bytes;
}

function uint(m: Machine, bytes: 1 | 2 | 4): number {
  return take(m, bytes).readUIntLE(0, bytes);
}

/** A whole number of up to six bytes, as Python 2 on Windows writes the shape of an array. */
function long(m: Machine): number {
  const length = uint(m, 1);
  if (length > 6) throw refusal(m, `a number of ${length} bytes`);
  return length === 0 ? 0 : take(m, length).readIntLE(0, length);
}

function line(m: Machine): string {
  const end = m.bytes.indexOf('\n', m.at);
  const text = take(m, (end < 0 ? m.bytes.length : end) - m.at).toString('latin1');
  take(m, 1);
  return text;
}

function pop(m: Machine): PickleValue {
  const value = m.stack.pop();
  if (value === undefined) throw corrupt(m);
  return value;
}

function top(m: Machine): PickleValue {
  const value = m.stack.at(-1);
  if (value === undefined) throw corrupt(m);
  return value;
}

function popSome(m: Machine, count: number): PickleValue[] {
  if (m.stack.length < count) throw corrupt(m);
  return m.stack.splice(-count);
}

function sinceMark(m: Machine): PickleValue[] {
  const items = m.stack;
  const below = m.marks.pop();
  if (below === undefined) throw corrupt(m);
  m.stack = below;
  return items;
}

function recall(m: Machine, key: number): void {
  const value = m.memo.get(key);
  if (value === undefined) throw corrupt(m);
  m.stack.push(value);
}

function append(m: Machine, items: readonly PickleValue[]): void {
  const list = top(m);
  if (!Array.isArray(list)) throw corrupt(m);
  for (const item of items) list.push(item);
}

function setItems(m: Machine, items: readonly PickleValue[]): void {
  const dictionary = top(m);
  if (!(dictionary instanceof Map) || items.length % 2 !== 0) throw corrupt(m);
  for (let i = 0; i < items.length; i += 2) {
    dictionary.set(text(m, items[i]), items[i + 1] as PickleValue);
  }
}

function text(m: Machine, value: PickleValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  throw refusal(m, 'a key that is no text');
}

/** The few calls that NumPy's arrays are written as, each with the value that stands for its result. */
function reduce(m: Machine): void {
  const [called, args] = popSome(m, 2) as [PickleValue, PickleValue];
  if (!isNamed(called, 'name') || !Array.isArray(args)) throw corrupt(m);
  switch (called.name.replace('numpy._core', 'numpy.core')) {
    case 'numpy.core.multiarray._reconstruct':
      m.stack.push({ kind: 'array', shape: [0], data: new Uint8Array(0), columnMajor: false });
      return;
    case 'numpy.dtype':
      m.stack.push({ kind: 'dtype', name: text(m, args[0]) });
      return;
    // Python 3 writes bytes at protocol 2 as text to be encoded as Latin-1.
    case '_codecs.encode':
      m.stack.push(Buffer.from(text(m, args[0]), 'latin1'));
      return;
    default:
      throw refusal(m, `a call of ${called.name}`);
  }
}

/** Gives an array or a type the state that NumPy wrote: (version, shape, dtype, columnMajor, bytes). */
function build(m: Machine): void {
  const state = pop(m);
  const value = top(m);
  if (isNamed(value, 'dtype')) return;
  if (!isPickledArray(value) || !Array.isArray(state)) throw refusal(m, 'an object with a state');
  const [, shape, dtype, columnMajor, data] = state;
  if (!isNamed(dtype, 'dtype') || !['u1', 'uint8'].includes(dtype.name)) {
    throw refusal(m, `an array of type ${isNamed(dtype, 'dtype') ? dtype.name : 'unknown'}`);
  }
  if (!isShape(shape) || typeof columnMajor !== 'boolean' || !(data instanceof Uint8Array)) {
    throw corrupt(m);
  }
  if (shape.reduce((product, length) => product * length, 1) !== data.length) throw corrupt(m);
  Object.assign(value, { shape, columnMajor, data });
}

function isNamed<K extends PickledName['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is PickledName & { kind: K } {
  return value !== null && typeof value === 'object' && 'kind' in value && value.kind === kind;
}

/** Whether a value is an array of NumPy's. */
export function isPickledArray(value: PickleValue | undefined): value is PickledArray {
  return value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'array';
}

function isShape(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((length) => Number.isInteger(length));
}
