import { UserError } from '../errors.ts';
import { oneLine } from '../quoted.ts';

/**
 * A Python value. Byte strings (`str` of Python 2, `bytes` of Python 3) are bytes; dictionaries
 * have text keys, whole numbers as their digits; an instance is what its dialect makes of it.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<string, PickleValue>
  | PickleObject;

/** A value of a dialect, told apart by its kind; `name` is a name of a Python module. */
export interface PickleObject {
  readonly kind: string;
}

/** A name of a Python module. Nothing is looked up or called. */
export interface PickleName extends PickleObject {
  readonly kind: 'name';
  readonly name: string;
}

/**
 * What the rules of a dialect throw: for what the file has and must not, and for what makes no
 * sense.
 */
export interface Faults {
  readonly refusal: (what: string) => UserError;
  readonly corrupt: () => UserError;
}

/** The value that stands for the result of a call. */
export type PickleCall = (args: readonly PickleValue[], faults: Faults) => PickleValue;

/**
 * What pickles of one origin hold beside plain values. Whatever is not listed is refused, never
 * run.
 */
export interface PickleDialect {
  /** Whose pickles these are, in errors: “which … does not”. */
  readonly origin: string;
  /** What to do about any other; ends the error's line. */
  readonly fix: string;
  /** By the name of what is called. */
  readonly calls: ReadonlyMap<string, PickleCall>;
  /** Gives an instance its state, in place. */
  readonly build: (value: PickleValue, state: PickleValue, faults: Faults) => void;
  /** What a persistent id stands for; without it there are none. */
  readonly persistent?: (id: PickleValue, faults: Faults) => PickleValue;
  /** Whether there are instances of classes, made by a rule of `calls`, and sets, as lists. */
  readonly hasInstances?: boolean;
  /** Names that may stand in the file; without it any may, but only `calls` can be called. */
  readonly knows?: (name: string) => boolean;
}

interface Machine {
  readonly bytes: Buffer;
  readonly file: string;
  readonly dialect: PickleDialect;
  at: number;
  stack: PickleValue[];
  /** Stacks below the open marks. */
  readonly marks: PickleValue[][];
  readonly memo: Map<number, PickleValue>;
}

const proto = 0x80;
const stop = 0x2e;

/** Tells whether the bytes begin as a pickle of protocol 2 or later does. */
export const isPickle = (bytes: Uint8Array, at = 0): boolean => bytes[at] === proto;

/**
 * Runs the pickle at byte `start`, of protocols 2 to 5, and says where it ends. It is a strict
 * reader of data: nothing is imported and nothing is called, whatever the file asks for.
 *
 * @throws UserError, with the file and the byte, for any opcode or name that the dialect does not
 *   have, and for a file cut short.
 */
export function runPickle(
  data: Uint8Array,
  file: string,
  dialect: PickleDialect,
  start = 0,
): { readonly value: PickleValue; readonly end: number } {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const machine: Machine = {
    bytes,
    file,
    dialect,
    at: start,
    stack: [],
    marks: [],
    memo: new Map(),
  };
  for (;;) {
    const at = machine.at;
    const opcode = take(machine, 1)[0] as number;
    if (opcode === stop) return { value: pop(machine), end: machine.at };
    const rule = opcodes[opcode] ?? (dialect.hasInstances ? ofInstances[opcode] : undefined);
    if (rule === undefined) {
      const shown = `0x${opcode.toString(16).padStart(2, '0')}`;
      throw refusal(machine, `opcode ${shown} at byte ${at}`);
    }
    rule(machine);
  }
}

/**
 * One rule for each opcode that such files have; names and meanings are those of Python's
 * `pickletools`.
 */
const opcodes: Readonly<Record<number, (m: Machine) => void>> = {
  [proto]: (m) => {
    const version = uint(m, 1);
    if (version < 2 || version > 5) throw refusal(m, `protocol ${version}`);
  },
  // FRAME: a hint of how many bytes follow, which a reader of bytes in memory does not need.
  149: (m) => void take(m, 8),
  // Constants and numbers: NONE, NEWTRUE, NEWFALSE, BININT, BININT1, BININT2, LONG1, BINFLOAT.
  [code('N')]: (m) => m.stack.push(null),
  136: (m) => m.stack.push(true),
  137: (m) => m.stack.push(false),
  [code('J')]: (m) => m.stack.push(take(m, 4).readInt32LE()),
  [code('K')]: (m) => m.stack.push(uint(m, 1)),
  [code('M')]: (m) => m.stack.push(uint(m, 2)),
  138: (m) => m.stack.push(long(m)),
  [code('G')]: (m) => m.stack.push(take(m, 8).readDoubleBE()),
  // Byte strings and text: SHORT_BINSTRING, BINSTRING, SHORT_BINBYTES, BINBYTES, BINUNICODE.
  [code('U')]: (m) => m.stack.push(take(m, uint(m, 1))),
  [code('T')]: (m) => m.stack.push(take(m, uint(m, 4))),
  [code('C')]: (m) => m.stack.push(take(m, uint(m, 1))),
  [code('B')]: (m) => m.stack.push(take(m, uint(m, 4))),
  [code('X')]: (m) => m.stack.push(text(m, uint(m, 4))),
  // Of protocols 4 and 5: SHORT_BINUNICODE, BINUNICODE8, BINBYTES8, BYTEARRAY8.
  140: (m) => m.stack.push(text(m, uint(m, 1))),
  141: (m) => m.stack.push(text(m, wide(m))),
  142: (m) => m.stack.push(take(m, wide(m))),
  150: (m) => m.stack.push(take(m, wide(m))),
  // Collections: MARK, EMPTY_TUPLE, TUPLE, TUPLE1 to 3, EMPTY_LIST, APPEND, APPENDS, EMPTY_DICT,
  // SETITEM, SETITEMS.
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
  // MEMOIZE: under the next number.
  148: (m) => m.memo.set(m.memo.size, top(m)),
  // Objects: GLOBAL, STACK_GLOBAL, REDUCE, BUILD, BINPERSID.
  [code('c')]: (m) => global(m, `${line(m)}.${line(m)}`),
  147: (m) => {
    const [module, name] = popSome(m, 2).map((part) => pickledText(part, faultsOf(m)));
    global(m, `${module}.${name}`);
  },
  [code('R')]: reduce,
  [code('b')]: (m) => {
    const state = pop(m);
    m.dialect.build(top(m), state, faultsOf(m));
  },
  [code('Q')]: persistent,
};

/** NEWOBJ, which is a call to whom nothing is called; EMPTY_SET, ADDITEMS. */
const ofInstances: typeof opcodes = {
  129: reduce,
  143: (m) => m.stack.push([]),
  144: (m) => append(m, sinceMark(m)),
};

function code(letter: string): number {
  return letter.charCodeAt(0);
}

function refusal({ file, dialect }: Machine, what: string): UserError {
  const found = oneLine(what);
  return new UserError(
    `${file}: the pickle has ${found}, which ${dialect.origin} does not; ${dialect.fix}.`,
    { code: 'unsupported', facts: { path: file, found } },
  );
}

function corrupt({ file, at }: Machine): UserError {
  return new UserError(`${file}: the pickle is corrupt before byte ${at}; get the file again.`, {
    code: 'unreadable',
    facts: { path: file, byte: at },
  });
}

const faultsOf = (m: Machine): Faults => ({
  refusal: (what) => refusal(m, what),
  corrupt: () => corrupt(m),
});

function take(m: Machine, length: number): Buffer {
  const end = m.at + length;
  if (end > m.bytes.length) {
    throw new UserError(
      `${m.file}: the pickle is cut short at byte ${m.bytes.length}; get the file again.`,
      { code: 'unreadable', facts: { path: m.file, byte: m.bytes.length } },
    );
  }
  const bytes = m.bytes.subarray(m.at, end);
  m.at = end;
  return bytes;
}

function uint(m: Machine, bytes: 1 | 2 | 4): number {
  return take(m, bytes).readUIntLE(0, bytes);
}

/** A length of eight bytes: more than the file has is refused by `take`. */
const wide = (m: Machine): number => Number(take(m, 8).readBigUInt64LE());

const text = (m: Machine, length: number): string => take(m, length).toString('utf8');

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
    const key = items[i];
    // Optimizers number what they keep.
    const name = Number.isInteger(key) ? `${key as number}` : pickledText(key, faultsOf(m));
    dictionary.set(name, items[i + 1] as PickleValue);
  }
}

function global(m: Machine, name: string): void {
  if (m.dialect.knows?.(name) === false) throw refusal(m, name);
  m.stack.push({ kind: 'name', name } as PickleName);
}

function reduce(m: Machine): void {
  const [called, args] = popSome(m, 2) as [PickleValue, PickleValue];
  if (!isKind<PickleName>(called, 'name') || !Array.isArray(args)) throw corrupt(m);
  const rule = m.dialect.calls.get(called.name);
  if (rule === undefined) throw refusal(m, `a call of ${called.name}`);
  m.stack.push(rule(args, faultsOf(m)));
}

function persistent(m: Machine): void {
  const id = pop(m);
  if (m.dialect.persistent === undefined) throw refusal(m, 'a persistent id');
  m.stack.push(m.dialect.persistent(id, faultsOf(m)));
}

/** Reads text, also where Python 2 wrote it as bytes. */
export function pickledText(value: PickleValue | undefined, { refusal }: Faults): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  throw refusal('a key that is no text');
}

/** Tells whether a value is a dialect's object of one kind. */
export function isKind<T extends PickleObject>(
  value: PickleValue | undefined,
  kind: T['kind'],
): value is T & PickleValue {
  return value !== null && typeof value === 'object' && 'kind' in value && value.kind === kind;
}

/** Tells whether a value is a list or tuple of whole numbers that are not negative. */
export function isWhole(value: PickleValue | undefined): value is number[] {
  return (
    Array.isArray(value) && value.every((item) => Number.isInteger(item) && (item as number) >= 0)
  );
}
