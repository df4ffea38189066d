import { UserError } from '../errors.ts';
import { type Examples, type ReadOptions, refuseTestSplit, sizeOf } from './examples.ts';
import { type NpyArray, readNpy } from './npy.ts';
import { readNpz } from './npz.ts';

const imageKeys = ['images', 'x'];
const labelKeys = ['labels', 'y'];
const channelCounts: readonly (number | undefined)[] = [1, 3, 4];

/**
 * What an array means as examples:
 * float `[n]` or `[n, d]` → points `[d]`; uint8 `[n, h, w]` or `[n, c, h, w]` → images `[c, h, w]`;
 * float images the same, with values in [0, 1]. float64 becomes float32. `file` is named in errors.
 * Throws `UserError` for other types and shapes, and names the first value that is not usable.
 */
export function examplesFromArray(array: NpyArray, file: string): Examples {
  const [count, ...rest] = array.shape;
  if (count === undefined || sizeOf(array.shape) === 0) {
    throw new UserError(
      `${file}: shape (${array.shape.join(', ')}) holds no examples; give more data.`,
    );
  }
  if (rest.length > 3) {
    throw new UserError(
      `${file}: has ${array.shape.length} dimensions; save points as [n, d] and images as [n, h, w] or [n, c, h, w].`,
    );
  }
  if (array.dtype !== 'u1' && array.dtype !== 'f4' && array.dtype !== 'f8') {
    throw new UserError(
      `${file}: type is ${array.dtype}; save images as uint8 and points as float32 (array.astype).`,
    );
  }
  const isImages = rest.length >= 2;
  if (isImages) refuseChannelsLast(rest, file);
  if (array.dtype === 'u1') {
    if (!isImages) {
      throw new UserError(
        `${file}: uint8 of shape (${array.shape.join(', ')}) is neither images nor points; reshape images to [n, h, w], save points as float32.`,
      );
    }
    return { count, shape: imageShape(rest), data: array.data as Uint8Array };
  }
  const data = finiteFloats(array, file, isImages);
  return { count, shape: isImages ? imageShape(rest) : [rest[0] ?? 1], data };
}

function imageShape(rest: readonly number[]): number[] {
  return rest.length === 2 ? [1, ...rest] : [...rest];
}

function refuseChannelsLast(rest: readonly number[], file: string): void {
  const [first, , last] = rest;
  if (rest.length === 3 && !channelCounts.includes(first) && channelCounts.includes(last)) {
    throw new UserError(
      `${file}: images have their channels last; save array.transpose(0, 3, 1, 2), which is [n, c, h, w].`,
    );
  }
}

/** The values as float32, all finite and, for images, in [0, 1]. */
function finiteFloats(array: NpyArray, file: string, isImages: boolean): Float32Array {
  const source = array.data as Float32Array | Float64Array;
  const data = source instanceof Float32Array ? source : Float32Array.from(source);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) {
      const as = Number.isFinite(source[i]) ? ', beyond float32' : '';
      throw new UserError(
        `${file}: value at [${unravel(i, array.shape)}] is ${source[i]}${as}; remove or replace it.`,
      );
    }
    if (isImages && (value < 0 || value > 1)) {
      throw new UserError(
        `${file}: value at [${unravel(i, array.shape)}] is ${value}; scale float images to [0, 1], or save them as uint8.`,
      );
    }
  }
  return data;
}

function unravel(index: number, shape: readonly number[]): string {
  let rest = index;
  return shape
    .toReversed()
    .map((length) => {
      const at = rest % length;
      rest = Math.floor(rest / length);
      return at;
    })
    .toReversed()
    .join(', ');
}

/** Class indices 0..255 from a one-dimensional array of whole numbers, one for each of `count` examples. */
function labelsFromArray(array: NpyArray, count: number, file: string): Uint8Array {
  if (array.shape.length !== 1 || array.shape[0] !== count) {
    throw new UserError(
      `${file}: shape is (${array.shape.join(', ')}), (${count}) expected: one label for each example.`,
    );
  }
  const bad = array.data.findIndex((value: number | bigint) => {
    const label = Number(value);
    return !Number.isInteger(label) || label < 0 || label > 255;
  });
  if (bad >= 0) {
    throw new UserError(
      `${file}: label at [${bad}] is ${array.data[bad]}; save class indices, whole numbers from 0 to 255.`,
    );
  }
  return Uint8Array.from(array.data as ArrayLike<number | bigint>, Number);
}

/** Examples from an NPY file; see `examplesFromArray`. */
export async function npyExamples(path: string, options: ReadOptions = {}): Promise<Examples> {
  refuseTestSplit(options.split, path);
  return examplesFromArray(await readNpy(path), path);
}

/**
 * Examples from an NPZ file: the array `images` or `x`, else the first that is not labels;
 * class indices from `labels` or `y` where there are any. See `examplesFromArray`.
 */
export async function npzExamples(path: string, options: ReadOptions = {}): Promise<Examples> {
  refuseTestSplit(options.split, path);
  const { keys, array } = await readNpz(path);
  const labelsKey = labelKeys.find((key) => keys.includes(key));
  const key =
    imageKeys.find((name) => keys.includes(name)) ?? keys.find((name) => name !== labelsKey);
  if (key === undefined) {
    throw new UserError(`${path}: holds no array of examples; save one named "images" or "x".`);
  }
  const examples = examplesFromArray(array(key), `${path} (${key})`);
  if (labelsKey === undefined) return examples;
  const labels = labelsFromArray(array(labelsKey), examples.count, `${path} (${labelsKey})`);
  return { ...examples, labels };
}
