import { z } from 'zod';
import { UserError } from '../errors.ts';
import { fromHalf, HALF_MAX, toHalf } from '../half.ts';

/** Float32 arrays by name, with free-form strings. */
export interface SafeTensors {
  readonly tensors: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const count = z.int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(count),
  data_offsets: z.tuple([count, count]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).optional() })
  .catchall(entrySchema);

type Entry = z.output<typeof entrySchema>;

/**
 * The bytes of a safetensors file: length of the header, JSON header, then the arrays end to end.
 * `half` stores them in half precision.
 * @throws UserError for a value that no half can hold.
 */
export function encodeSafeTensors(
  { tensors, metadata }: SafeTensors,
  { half = false }: { readonly half?: boolean } = {},
): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  const arrays = Object.entries(tensors).map(([name, { shape, data }]) => {
    const stored = half ? halvesOf(name, data) : data;
    const end = offset + stored.byteLength;
    header[name] = { dtype: half ? 'F16' : 'F32', shape, data_offsets: [offset, end] };
    offset = end;
    return stored;
  });
  const json = JSON.stringify(header);
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
    `"${name}" holds ${large}, which half precision cannot; save it in single precision`,
  );
}

/** How arrays of each type are read: bytes of an element, and the elements as float32. */
const types: Readonly<Record<string, { bytes: number; read(buffer: ArrayBuffer): Float32Array }>> =
  {
    F32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
    F16: { bytes: 2, read: (buffer) => fromHalf(new Uint16Array(buffer)) },
    // The upper half of a float32.
    BF16: {
      bytes: 2,
      read: (buffer) =>
        new Float32Array(Uint32Array.from(new Uint16Array(buffer), (v) => v * 65536).buffer),
    },
  };

/**
 * Reads float32 arrays back, and those of half precision as float32. `source` names the file in errors.
 * @throws UserError for a file cut short, a header that is not one, another type, NaN or infinity.
 */
export function decodeSafeTensors(bytes: Uint8Array, source: string): SafeTensors {
  const { header, start } = readHeader(bytes, source);
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors: Record<string, NamedArray> = {};
  for (const [name, entry] of Object.entries(entries)) {
    tensors[name] = readArray(bytes, start, name, entry, source);
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, source: string) {
  const cut = () =>
    new UserError(`${source}: the file is cut short or not safetensors; use another file`);
  if (bytes.length < 8) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (8 + length > bytes.length) throw cut();
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length));
    return { header: headerSchema.parse(JSON.parse(text)), start: 8 + length };
  } catch (cause) {
    throw new UserError(`${source}: the header is not safetensors JSON; use another file`, {
      cause,
    });
  }
}

function readArray(
  bytes: Uint8Array,
  start: number,
  name: string,
  entry: Entry,
  source: string,
): NamedArray {
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = Object.hasOwn(types, dtype) ? types[dtype]! : undefined;
  if (type === undefined) {
    throw new UserError(`${source}: "${name}" is ${dtype}; save it as F32, F16 or BF16`);
  }
  const [from, to] = offsets;
  const size = shape.reduce((product, n) => product * n, 1);
  if (to - from !== size * type.bytes) {
    throw new UserError(
      `${source}: "${name}" [${shape.join(', ')}] does not fit its ${to - from} bytes`,
    );
  }
  if (start + to > bytes.length) {
    throw new UserError(
      `${source}: the file is cut short, "${name}" ends at byte ${start + to} of ${bytes.length}; use another file`,
    );
  }
  // A copy: the bytes may stand at an odd place of a shared buffer.
  const data = type.read(Uint8Array.from(bytes.subarray(start + from, start + to)).buffer);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new UserError(
      `${source}: "${name}" has ${data[bad]} at element ${bad}; use an earlier checkpoint`,
    );
  }
  return { shape, data };
}
