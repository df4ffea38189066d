import { z } from 'zod';
import { type ErrorFacts, UserError } from '../errors.ts';
import { fromHalf, HALF_MAX, toHalf } from '../half.ts';
import { mapInto } from '../map-into.ts';
import { oneLine, quoted } from '../quoted.ts';
import { parseStrictJson } from '../strict-json.ts';
import { aligned, placeOf } from './aligned.ts';

/** Float32 arrays by name, with free-form strings. */
export interface SafeTensors {
  readonly tensors: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a file holds; arrays of types that are no floats are named and passed over. */
export interface DecodedSafeTensors extends SafeTensors {
  /** Type by name of what was passed over, such as the counters of batch normalisation. */
  readonly others: Readonly<Record<string, string>>;
}

const count = z.int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(count).max(64),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

type Entry = z.output<typeof entrySchema>;

/**
 * Encodes a safetensors file: length of the header, JSON header, then the arrays end to end. `half`
 * stores them in half precision.
 *
 * @throws UserError for a value that no half can hold.
 */
export function encodeSafeTensors(
  { tensors, metadata }: SafeTensors,
  { half = false }: { readonly half?: boolean } = {},
): Uint8Array {
  let offset = 0;
  const header: [string, unknown][] = [['__metadata__', metadata]];
  const arrays = Object.entries(tensors).map(([name, { shape, data }]) => {
    const stored = half ? halvesOf(name, data) : data;
    const end = offset + stored.byteLength;
    header.push([name, { dtype: half ? 'F16' : 'F32', shape, data_offsets: [offset, end] }]);
    offset = end;
    return stored;
  });
  const json = JSON.stringify(Object.fromEntries(header));
  // Spaces keep the arrays on multiples of 8 bytes, as the format asks.
  const unpadded = new TextEncoder().encode(json).length;
  const text = new TextEncoder().encode(json + ' '.repeat((8 - (unpadded % 8)) % 8));
  const bytes = new Uint8Array(8 + text.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let position = 8 + text.length;
  for (const data of arrays) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

function halvesOf(name: string, data: Float32Array): Uint16Array {
  const large = data.find((value) => Math.abs(value) > HALF_MAX);
  if (large === undefined) return toHalf(data);
  throw new UserError(
    `${quoted(name)} holds ${large}, which half precision cannot; save it in single precision`,
    { facts: { name, value: large } },
  );
}

interface FloatType {
  /** Of an element. */
  readonly bytes: number;
  /** Of aligned bytes; single precision where it stands. */
  readonly read: (bytes: Uint8Array) => Float32Array;
}

/** How arrays of each type of floats are read: as float32. */
const floats: ReadonlyMap<string, FloatType> = new Map<string, FloatType>([
  ['F32', { bytes: 4, read: (bytes) => new Float32Array(...placeOf(bytes, 4)) }],
  ['F64', { bytes: 8, read: (bytes) => Float32Array.from(new Float64Array(...placeOf(bytes, 8))) }],
  ['F16', { bytes: 2, read: (bytes) => fromHalf(new Uint16Array(...placeOf(bytes, 2))) }],
  [
    'BF16',
    {
      bytes: 2,
      // The upper half of a float32.
      read: (bytes) => {
        const upper = new Uint16Array(...placeOf(bytes, 2));
        return new Float32Array(
          mapInto(new Uint32Array(upper.length), upper, (v) => v * 65536).buffer,
        );
      },
    },
  ],
]);

/** Bytes of an element of what is passed over. */
const others: ReadonlyMap<string, number> = new Map([
  ...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0'].map((type) => [type, 1] as const),
  ...['I16', 'U16'].map((type) => [type, 2] as const),
  ...['I32', 'U32'].map((type) => [type, 4] as const),
  ...['I64', 'U64', 'C64'].map((type) => [type, 8] as const),
]);

export interface DecodeOptions {
  /** Let arrays share the memory of the bytes, for who uses these for nothing else. */
  readonly share?: boolean;
}

/** Longest header, in bytes: what the format's own library takes. */
const LONGEST_HEADER = 100_000_000;

/**
 * Reads float32 arrays, and those of half, bfloat16 and double precision as float32; other types
 * are passed over and named. `source` names the file in errors. The arrays must fill the file end
 * to end, as the format asks, so memory is bounded by its size.
 *
 * @throws UserError for a file cut short, a header that is not one or has a name twice, arrays that
 *   overlap or leave holes, an unknown type, NaN or infinity.
 */
export function decodeSafeTensors(
  bytes: Uint8Array,
  source: string,
  { share = false }: DecodeOptions = {},
): DecodedSafeTensors {
  const { entries, metadata, start } = readHeader(bytes, source);
  const all = [...entries].map(([name, entry]) => {
    checkEntry(name, entry, bytes.length - start, source);
    return { name, entry };
  });
  checkLayout(all, bytes.length - start, source);
  const data = bytes.subarray(start);
  const place = (from: number, to: number, size: number) =>
    share ? aligned(data.subarray(from, to), size) : Uint8Array.from(data.subarray(from, to));
  const tensors = all.flatMap(({ name, entry }) => {
    const type = floats.get(entry.dtype);
    return type ? [[name, readArray(place, name, entry, type, source)] as const] : [];
  });
  const rest = all.filter(({ entry }) => !floats.has(entry.dtype));
  return {
    tensors: Object.fromEntries(tensors),
    metadata,
    others: Object.fromEntries(rest.map(({ name, entry }) => [name, entry.dtype])),
  };
}

function fault(source: string, problem: string, facts: ErrorFacts = {}, cause?: unknown) {
  const options = { code: 'unreadable', facts: { path: source, ...facts }, cause } as const;
  return new UserError(`${source}: ${problem}`, options);
}

function readHeader(bytes: Uint8Array, source: string) {
  const cut = () => fault(source, 'the file is cut short or not safetensors; use another file');
  if (bytes.length < 8) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (8 + length > bytes.length || length > LONGEST_HEADER) throw cut();
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length));
    const { __metadata__: metadata = {}, ...named } = objectOf(parseStrictJson(text));
    const entries = Object.entries(named).map(
      ([name, entry]) => [name, entrySchema.parse(entry)] as const,
    );
    return { entries, metadata: metadataSchema.parse(metadata), start: 8 + length };
  } catch (cause) {
    const twice = cause instanceof SyntaxError && /twice$/.test(cause.message);
    const problem = twice ? cause.message : 'is not safetensors JSON';
    throw fault(
      source,
      `the header ${twice ? 'is damaged: ' : ''}${problem}; use another file`,
      {},
      cause,
    );
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new SyntaxError('no object');
}

function checkEntry(
  name: string,
  { dtype, shape, data_offsets: [from, to] }: Entry,
  length: number,
  source: string,
): void {
  const size = floats.get(dtype)?.bytes ?? others.get(dtype);
  if (size === undefined) {
    throw new UserError(
      `${source}: ${quoted(name)} is ${oneLine(dtype, 20)}; save it as F32, F16 or BF16`,
      { code: 'unsupported', facts: { path: source, name, dtype } },
    );
  }
  if (to - from !== shape.reduce((product, n) => product * n, 1) * size) {
    const problem = `${quoted(name)} [${shape.join(', ')}] does not fit its ${to - from} bytes`;
    throw fault(source, problem, { name });
  }
  if (to > length) {
    const problem = `the file is cut short, ${quoted(name)} ends at byte ${to} of ${length} bytes of data; use another file`;
    throw fault(source, problem, { name });
  }
}

/** Each array begins where the one before it ends, and the last ends with the file. */
function checkLayout(
  all: readonly { readonly name: string; readonly entry: Entry }[],
  length: number,
  source: string,
): void {
  const ordered = [...all].sort(
    (a, b) =>
      a.entry.data_offsets[0] - b.entry.data_offsets[0] ||
      a.entry.data_offsets[1] - b.entry.data_offsets[1],
  );
  let end = 0;
  for (const { name, entry } of ordered) {
    const [from, to] = entry.data_offsets;
    if (from !== end) {
      const how =
        from < end ? 'overlaps the array before it' : 'does not follow the array before it';
      throw fault(source, `${quoted(name)} ${how}; use another file`, { name });
    }
    end = to;
  }
  if (end !== length) {
    throw fault(source, `${length - end} bytes after its arrays belong to none; use another file`);
  }
}

function readArray(
  place: (from: number, to: number, size: number) => Uint8Array,
  name: string,
  { shape, data_offsets: [from, to] }: Entry,
  type: FloatType,
  source: string,
): NamedArray {
  const data = type.read(place(from, to, type.bytes));
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const problem = `${quoted(name)} has ${data[bad]} at element ${bad}; use an earlier checkpoint`;
    throw fault(source, problem, { name, element: bad });
  }
  return { shape, data };
}
