import { stat } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import { readError } from '../../files.ts';
import { mapInto } from '../../map-into.ts';
import { listed, oneLine } from '../../quoted.ts';
import { type ChosenArrays, chooseArrays } from '../array-names.ts';
import { allocate, type Labels, labelsOf, type Taken, type Values } from '../dataset.ts';
import type { Examples, ReadOptions } from '../examples.ts';
import type { NpyArray } from '../npy-decode.ts';
import { refusePartOfOne } from '../parts.ts';
import { sizeOf } from '../shape.ts';
import { readNpy } from './npy.ts';
import { memoryRows, type NpyRows, openNpyRows } from './npy-file.ts';
import { type Npz, readNpz } from './npz.ts';

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
  /** What values are multiplied by; absent where they are taken as they are. */
  readonly scale?: number;
  /** What was made of the type, where that is a choice. */
  readonly note?: string;
}

/**
 * Makes examples of an array, by its type and shape: floats or whole numbers `[n]` or `[n, d]` →
 * points `[d]`; uint8 `[n, h, w]`, `[n, c, h, w]` or `[n, h, w, c]` → images `[c, h, w]`; float
 * images the same, with values in [0, 1]; uint16 images are bytes where none is above 255, else
 * floats, 65535 being 1; of bool, true is 255. Other floats become float32. `file` is named in
 * errors.
 *
 * @throws UserError for other types and shapes, and names the first value that is not usable.
 */
export function examplesFromArray(array: NpyArray, file: string): Examples {
  const examples = examplesFromRows(memoryRows(array), file);
  if (examples.dtype === 'float32') checkAll(examples);
  return examples;
}

/**
 * The same of an array whose rows are read as they are needed. Of floats, the first value that is
 * not usable is named when it is read.
 */
function examplesFromRows(rows: NpyRows, file: string): Examples {
  const { shape, row } = rows;
  const meaning = meaningOf(rows, file);
  const { count, isImages, channelsLast, scale, note } = meaning;
  const [height = 1, width = 1, channels = 1] = shape.slice(1);
  const area = height * width;
  const read: Examples['read'] = (index, into, offset) => {
    const stored = row(index);
    const values = scale === undefined ? numbersOf(stored) : scaled(stored, scale);
    if (values instanceof Float32Array || values instanceof Float64Array) {
      checkFloats(values, isImages, (at) => `${file}: value at [${unravel(at, index, shape)}]`);
    }
    if (channelsLast) planesOf(values, area, channels, into, offset);
    else into.set(values, offset);
  };
  const taken: Taken | undefined = note
    ? { examples: file, passedOver: [], notes: [note] }
    : undefined;
  return { count, shape: meaning.shape, dtype: meaning.dtype, read, ...(taken && { taken }) };
}

/** Values as numbers: those of 64-bit integers are rounded to double precision. */
function numbersOf(values: NpyArray['data']): Exclude<NpyArray['data'], BigIntArray> {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? mapInto<Float64Array, bigint>(new Float64Array(values.length), values, Number)
    : values;
}

type BigIntArray = BigInt64Array | BigUint64Array;

function scaled(stored: NpyArray['data'], scale: number): Float32Array | Uint8Array {
  const values = numbersOf(stored);
  return scale < 1
    ? mapInto(new Float32Array(values.length), values, (value) => value * scale)
    : mapInto(new Uint8Array(values.length), values, (value) => value * scale);
}

function meaningOf({ dtype, shape, row }: NpyRows, file: string): Meaning {
  const [count, ...rest] = shape;
  const shown = `(${shape.join(', ')})`;
  const refuse = (problem: string) =>
    new UserError(`${file}: ${problem}`, { code: 'shape', facts: { path: file, shape, dtype } });
  if (count === undefined || sizeOf(shape) === 0) {
    throw refuse(`shape ${shown} holds no examples; give more data.`);
  }
  if (rest.length > 3) {
    throw refuse(
      `has ${shape.length} dimensions; save points as [n, d] and images as [n, h, w], [n, c, h, w] or [n, h, w, c].`,
    );
  }
  const isFloat = dtype.startsWith('f');
  if (rest.length < 2) {
    if (dtype === 'u1' || dtype === 'b1') {
      const type = dtype === 'u1' ? 'uint8' : 'bool';
      throw refuse(
        `${type} of shape ${shown} is neither images nor points; reshape images to [n, h, w], save points as float32.`,
      );
    }
    const note = isFloat ? {} : { note: `whole numbers (${dtype}) are read as points` };
    const points = { shape: [rest[0] ?? 1], channelsLast: false, isImages: false };
    return { count, dtype: 'float32', ...points, ...note };
  }
  const images = { count, isImages: true, ...imageShape(rest) };
  if (isFloat) return { ...images, dtype: 'float32' };
  if (dtype === 'u1') return { ...images, dtype: 'uint8' };
  if (dtype === 'b1') return { ...images, dtype: 'uint8', scale: 255, note: 'true is white' };
  if (dtype === 'u2') return { ...images, ...wideImages(count, row) };
  throw refuse(`type is ${dtype}; save images as uint8 and points as float32 (array.astype).`);
}

/** uint16 images hold bytes in a wider type, or values of 16 bits: the largest value says which. */
function wideImages(count: number, row: NpyRows['row']): Pick<Meaning, 'dtype' | 'scale' | 'note'> {
  let highest = 0;
  for (let i = 0; i < count; i++) {
    for (const value of row(i) as Uint16Array) highest = Math.max(highest, value);
  }
  return highest <= 255
    ? { dtype: 'uint8', scale: 1, note: 'uint16 without a value above 255 is read as bytes' }
    : {
        dtype: 'float32',
        scale: 1 / 65535,
        note: `uint16 is read as floats, 65535 being 1; the largest value is ${highest}`,
      };
}

/**
 * `[h, w]`, `[c, h, w]` or `[h, w, c]` as `[c, h, w]`: channels are last where they can not be
 * first.
 */
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

/**
 * Throws unless all values are finite as float32 and, for images, in [0, 1]. `name` says where one
 * is.
 */
function checkFloats(
  values: Float32Array | Float64Array,
  isImages: boolean,
  name: (at: number) => string,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(values[i] as number);
    if (!Number.isFinite(value)) {
      const as = Number.isFinite(values[i]) ? ', beyond float32' : '';
      throw new UserError(`${name(i)} is ${values[i]}${as}; remove or replace it.`, {
        facts: { value: values[i] },
      });
    }
    if (isImages && (value < 0 || value > 1)) {
      throw new UserError(
        `${name(i)} is ${value}; scale float images to [0, 1], or save them as uint8.`,
        { facts: { value } },
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

/**
 * Class indices from an array `[n]` or `[n, 1]` of whole numbers, one for each of `count` examples;
 * what keeps values from being that, in words.
 *
 * @throws UserError for another number of labels: they are of other examples.
 */
function labelsFromArray({ data, shape }: NpyArray, count: number, file: string): Labels | string {
  if (shape[0] !== count) {
    throw new UserError(
      `${file}: shape is (${shape.join(', ')}), (${count}) expected: one label for each example.`,
      { code: 'mismatch', facts: { path: file, shape, count } },
    );
  }
  if (sizeOf(shape) !== count) return `has shape (${shape.join(', ')}), more than a class of each`;
  const labels = Array.from(data as ArrayLike<number | bigint>, Number);
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label > CLASSES);
  return bad < 0 ? labelsOf(labels) : `holds ${labels[bad]} at [${bad}], which is no class index`;
}

/** Highest class index that is read. */
const CLASSES = 2 ** 20;

/**
 * Reads examples from an NPY file; see `examplesFromArray`. A file of more than `memoryLimit` bytes
 * stays on the disk: its examples are read when they are needed, and that is when float values are
 * checked.
 */
export async function npyExamples(path: string, options: ReadOptions = {}): Promise<Examples> {
  const { split, memoryLimit = 256 * 2 ** 20 } = options;
  refusePartOfOne(split, path);
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
 * Reads examples from an NPZ file: the array that is meant by its name, such as `images`, `x_train`
 * or `arr_0`, of the part that `split` asks for, and the class indices beside it. Labels that are
 * no class indices are left out. See `chooseArrays` and `examplesFromArray`; `taken` says what was
 * chosen.
 */
export async function npzExamples(path: string, options: ReadOptions = {}): Promise<Examples> {
  return examplesFromNpz(await readNpz(path), path, options);
}

/** Makes examples of an opened NPZ; `path` is named in errors. */
export function examplesFromNpz(npz: Npz, path: string, options: ReadOptions = {}): Examples {
  const choice = chooseArrays(npz.keys, options, path);
  const { examples: key, passedOver, part } = choice;
  const examples = examplesFromArray(npz.array(key), `${path} (${oneLine(key, 80)})`);
  const { labels, labelsKey, notes } = labelsBeside(npz, choice, examples.count, path);
  const taken: Taken = {
    ...(part && { part }),
    examples: key,
    ...(labelsKey !== undefined && { labels: labelsKey }),
    passedOver: passedOver.filter((name) => name !== labelsKey),
    notes: [...(examples.taken?.notes ?? []), ...notes],
  };
  return { ...examples, ...(labels && { labels }), taken };
}

function labelsBeside({ array }: Npz, { labels: keys }: ChosenArrays, count: number, path: string) {
  if (keys.length > 1) {
    const notes = [`labels are left out: there are several (${listed(keys)})`];
    return { notes };
  }
  const [labelsKey] = keys;
  if (labelsKey === undefined) return { notes: [] };
  const labels = labelsFromArray(array(labelsKey), count, `${path} (${oneLine(labelsKey, 80)})`);
  if (typeof labels !== 'string') return { labels, labelsKey, notes: [] };
  return { notes: [`labels are left out: ${oneLine(labelsKey, 80)} ${labels}`] };
}
