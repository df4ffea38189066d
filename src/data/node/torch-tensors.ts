/** Tensors of a file of PyTorch's, of what its pickle says and the bytes of its storages. */
import { endianness } from 'node:os';
import { UserError } from '../../errors.ts';
import { oneLine, quoted } from '../../quoted.ts';
import { aligned } from '../aligned.ts';
import { sizeOf } from '../shape.ts';
import { type Numbers, type PickledTensor, storageTypes } from '../torch-pickle.ts';
import { swapBytes } from './file-digests.ts';

/**
 * A tensor of a file: row-major values and their shape. It may share memory with the file's bytes,
 * and with tensors of the same storage.
 */
export interface TorchTensor {
  readonly shape: readonly number[];
  /** Halves and bfloat16 are widened; int64 stays what it is. */
  readonly data: Numbers;
}

/** Tensors as a pickle has them, by name. */
export type Tensors = ReadonlyMap<string, PickledTensor>;

/**
 * Items that tensors with strides may have, all together, and how many for each byte of the file
 * where that is more: strides of zero make any number out of one.
 */
const [ARRANGED, PER_BYTE] = [2 ** 24, 4] as const;

/** Says that a file makes no sense. */
export function corrupt(file: string, what: string): UserError {
  return new UserError(`${file}: is corrupt: ${what}; get or save the file again.`, {
    code: 'unreadable',
    facts: { path: file },
  });
}

/**
 * Reads tensors of the bytes of their storages. `file` is named in errors, and `bytes` are those
 * that it has.
 *
 * @throws UserError for storages that are too small, and tensors of more items than the file is
 *   worth.
 */
export function readTensors(
  tensors: Tensors,
  storages: ReadonlyMap<string, Uint8Array>,
  { file, bytes }: { readonly file: string; readonly bytes: number },
): Readonly<Record<string, TorchTensor>> {
  const decoded = new Map<string, Numbers>();
  const room = { items: Math.max(ARRANGED, PER_BYTE * bytes) };
  const numbersOf = ({ storage: { key, type, count } }: PickledTensor): Numbers => {
    const numbers = decoded.get(key) ?? decodeNumbers(storages.get(key)!, type);
    decoded.set(key, numbers);
    if (numbers.length < count) throw corrupt(file, `storage ${oneLine(key)} is too small`);
    return numbers;
  };
  const entries = [...tensors].map(([name, tensor]) => {
    const data = arrange(tensor, numbersOf(tensor), `${file}: ${quoted(name)}`, room);
    return [name, { shape: [...tensor.shape], data }];
  });
  return Object.fromEntries(entries);
}

function decodeNumbers(bytes: Uint8Array, type: string): Numbers {
  const { bytes: size, read } = storageTypes.get(type)!;
  if (endianness() === 'LE') return read(aligned(bytes, size));
  const own = Uint8Array.from(bytes);
  swapBytes(Buffer.from(own.buffer), size);
  return read(own);
}

/** A tensor's numbers in row-major order; those of a tensor that has it already are a view. */
function arrange(
  { shape, strides, offset }: PickledTensor,
  from: Numbers,
  name: string,
  room: { items: number },
): Numbers {
  const count = sizeOf(shape);
  if (isRowMajor(shape, strides)) return from.subarray(offset, offset + count);
  room.items -= count;
  if (!(room.items >= 0)) {
    throw new UserError(
      `${name} repeats its numbers to ${count} items, too many for the size of the file; save it contiguous (tensor.contiguous()).`,
      { code: 'unsupported', facts: { items: count } },
    );
  }
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
