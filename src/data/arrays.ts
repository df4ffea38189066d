import { stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { readError } from '../files.ts';
import { allocate, type Values } from '../train/dataset.ts';
import { type Examples, type ReadOptions, refuseTestSplit } from './examples.ts';
import { readNpy } from './npy.ts';
import type { NpyArray, NpyType } from './npy-decode.ts';
import { memoryRows, type NpyRows, openNpyRows } from './npy-file.ts';
import { readNpz } from './npz.ts';
import { sizeOf } from './shape.ts';

const imageKeys = ['images', 'x'];
const labelKeys = ['labels', 'y'];
const channelCounts: readonly (number | undefined)[] = [1, 3, 4];

/** What an array's type and shape mean as examples. */
interface Meaning {
  readonly count: number;
  /** Shape of one example, channels first. */
  readonly shape: readonly number[];
  readonly dtype: Examples['dtype'];
  /** Images or points; the floats of images are in [0, 1]. */
  readonly isImages: boolean;
  readonly channelsLast: boolean;
}

/**
 * What an array means as examples:
 * float `[n]` or `[n, d]` → points `[d]`; uint8 `[n, h, w]`, `[n, c, h, w]` or `[n, h, w, c]` → images
 * `[c, h, w]`; float images the same, with values in [0, 1]. float64 becomes float32. `file` is named in
 * errors. Throws `UserError` for other types and shapes, and names the first value that is not usable.
 */
export function examplesFromArray(array: NpyArray, file: string): Examples {
  const examples = examplesFromRows(memoryRows(array), file);
  if (examples.dtype === 'float32') checkAll(examples);
  return examples;
}

/**
 * The same of an array whose rows are read as they are needed. Of floats, the first value that is not
 * usable is named when it is read.
 */
function examplesFromRows({ dtype, shape, row }: NpyRows, file: string): Examples {
  const meaning = meaningOf(dtype, shape, file);
  const { count, isImages, channelsLast } = meaning;
  const [height = 1, width = 1, channels = 1] = shape.slice(1);
  const area = height * width;
  const read: Examples['read'] = (index, into, offset) => {
    const values = row(index) as Uint8Array | Float32Array | Float64Array;
    if (!(values instanceof Uint8Array)) {
      checkFloats(values, isImages, (at) => `${file}: value at [${unravel(at, index, shape)}]`);
    }
    if (channelsLast) planesOf(values, area, channels, into, offset);
    else into.set(values, offset);
  };
  return { count, shape: meaning.shape, dtype: meaning.dtype, read };
}

function meaningOf(dtype: NpyType, shape: readonly number[], file: string): Meaning {
  const [count, ...rest] = shape;
  const shown = `(${shape.join(', ')})`;
  if (count === undefined || sizeOf(shape) === 0) {
    throw new UserError(`${file}: shape ${shown} holds no examples; give more data.`);
  }
  if (rest.length > 3) {
    throw new UserError(
      `${file}: has ${shape.length} dimensions; save points as [n, d] and images as [n, h, w], [n, c, h, w] or [n, h, w, c].`,
    );
  }
  if (dtype !== 'u1' && dtype !== 'f4' && dtype !== 'f8') {
    throw new UserError(
      `${file}: type is ${dtype}; save images as uint8 and points as float32 (array.astype).`,
    );
  }
  const isImages = rest.length >= 2;
  if (dtype === 'u1' && !isImages) {
    throw new UserError(
      `${file}: uint8 of shape ${shown} is neither images nor points; reshape images to [n, h, w], save points as float32.`,
    );
  }
  return {
    count,
    dtype: dtype === 'u1' ? 'uint8' : 'float32',
    isImages,
    ...(isImages ? imageShape(rest) : { shape: [rest[0] ?? 1], channelsLast: false }),
  };
}

/** `[h, w]`, `[c, h, w]` or `[h, w, c]` as `[c, h, w]`: channels are last where they can not be first. */
function imageShape(rest: readonly number[]): Pick<Meaning, 'shape' | 'channelsLast'> {
  if (rest.length === 2) return { shape: [1, ...rest], channelsLast: false };
  const [height, width, last] = rest as [number, number, number];
  const channelsLast = !channelCounts.includes(height) && channelCounts.includes(last);
  return { shape: channelsLast ? [last, height, width] : rest, channelsLast };
}

/** From pixels of interleaved channels to planes. */
function planesOf(
  source: ArrayLike<number>,
  area: number,
  channels: number,
  into: Values,
  offset: number,
): void {
  for (let channel = 0; channel < channels; channel++) {
    const plane = offset + channel * area;
    for (let i = 0; i < area; i++) into[plane + i] = source[i * channels + channel] as number;
  }
}

/** Reads every example, which checks its values. */
function checkAll({ count, shape, dtype, read }: Examples): void {
  const scratch = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < count; i++) read(i, scratch, 0);
}

/** Throws unless all values are finite as float32 and, for images, in [0, 1]. `name` says where one is. */
function checkFloats(
  values: Float32Array | Float64Array,
  isImages: boolean,
  name: (at: number) => string,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(values[i] as number);
    if (!Number.isFinite(value)) {
      const as = Number.isFinite(values[i]) ? ', beyond float32' : '';
      throw new UserError(`${name(i)} is ${values[i]}${as}; remove or replace it.`);
    }
    if (isImages && (value < 0 || value > 1)) {
      throw new UserError(
        `${name(i)} is ${value}; scale float images to [0, 1], or save them as uint8.`,
      );
    }
  }
}

/** The indices of value `at` of example `index` in an array of this shape. */
function unravel(at: number, index: number, shape: readonly number[]): string {
  let rest = at;
  const within = shape.slice(1).toReversed();
  const indices = within.map((length) => {
    const digit = rest % length;
    rest = Math.floor(rest / length);
    return digit;
  });
  return [index, ...indices.toReversed()].join(', ');
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

/**
 * Examples from an NPY file; see `examplesFromArray`. A file of more than `memoryLimit` bytes stays on the
 * disk: its examples are read when they are needed, and that is when float values are checked.
 */
export async function npyExamples(path: string, options: ReadOptions = {}): Promise<Examples> {
  const { split, memoryLimit = 256 * 2 ** 20 } = options;
  refuseTestSplit(split, path);
  return (await fileSize(path)) > memoryLimit
    ? examplesFromRows(openNpyRows(path), path)
    : examplesFromArray(await readNpy(path), path);
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw readError(error, path);
  }
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
