import { UserError } from '../../errors.ts';
import { readBytes, unpackedLimit } from '../../files.ts';
import { listed, oneLine } from '../../quoted.ts';
import { inMemory, labelsOf, type Taken } from '../dataset.ts';
import type { Examples, ReadOptions } from '../examples.ts';
import { type ImageFile, listImages } from './image-listing.ts';
import { loadSharp } from './sharp.ts';

/** Images decoded at once: enough to keep sharp's threads busy, few enough to hold in memory. */
const concurrency = 8;

/** What is told while images are decoded. */
const READING = 'reading images';
/** Pixels of an image that is read, 8192 × 8192: a small file may say that it is of any size. */
const LARGEST = 2 ** 26;
/** Seconds after which decoding an image is given up. */
const PATIENCE = 60;

interface Pixels {
  readonly data: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Pictures in the file: more than one where it moves. */
  readonly frames: number;
}

/**
 * Reads a folder of PNG, JPEG and WebP images as `[count, channels, height, width]` bytes. Each
 * subfolder that holds images is a class, however deep they lie in it; without subfolders there are
 * no labels. Subfolders that are parts by their names are chosen from by `split`; see `listImages`.
 * Order is by name. Transparency is laid on black, orientation tags are followed, of moving
 * pictures the first frame is read; `taken` says what files were passed over.
 *
 * @throws UserError where the package sharp is not installed, for a folder without images, an
 *   unreadable image, one of more than 2^26 pixels or of far more than its bytes can be
 *   (`unpackedLimit`), and the first image (in order) whose size or number of channels differs from
 *   the first one's.
 */
export async function imageFolderExamples(
  path: string,
  options: ReadOptions = {},
): Promise<Examples> {
  const { size } = options;
  if (size !== undefined && (!Number.isInteger(size) || size < 1 || size > SIDE)) {
    throw new UserError(`size ${size}: give a whole number of pixels, 1 to ${SIDE}.`, {
      facts: { option: 'size', value: size },
    });
  }
  await loadSharp();
  const { files, classes, part, passedOver, notes } = await listImages(path, options.split);
  const { moving, ...images } = await decodeAll(files, options);
  const frames =
    moving.length > 0
      ? [`of ${moving.length} moving pictures the first frame is taken: ${listed(moving, 3)}`]
      : [];
  const taken: Taken = {
    ...(part && { part }),
    examples: `${files.length} images`,
    ...(classes && { labels: `${classes.length} folders` }),
    passedOver,
    notes: [...notes, ...frames],
  };
  if (classes === undefined) return { ...images, taken };
  return { ...images, labels: labelsOf(files.map(({ label }) => label!)), classes, taken };
}

/** Longest side that images are resized to. */
const SIDE = Math.sqrt(LARGEST);

async function decodeAll(files: readonly ImageFile[], options: ReadOptions) {
  const moving: string[] = [];
  let first: Pixels | undefined;
  let data = new Uint8Array(0);
  for (let start = 0; start < files.length; start += concurrency) {
    const group = files.slice(start, start + concurrency);
    // All are awaited, then looked at in order: the error is the first one's, whichever failed
    // soonest.
    const results = await Promise.allSettled(group.map(({ path }) => decode(path, options)));
    for (const [i, result] of results.entries()) {
      if (result.status === 'rejected') throw result.reason;
      const image = result.value;
      if (first === undefined) {
        first = image;
        data = allocateImages(files.length, image.data.length);
      }
      if (image.frames > 1) moving.push((group[i] as ImageFile).path);
      requireSame(image, first, (group[i] as ImageFile).path, (files[0] as ImageFile).path);
      data.set(image.data, (start + i) * image.data.length);
    }
    const done = Math.min(start + concurrency, files.length);
    options.onProgress?.({ label: READING, done, of: files.length, unit: 'images' });
  }
  const { channels, height, width } = first as Pixels;
  const count = files.length;
  return { count, shape: [channels, height, width], ...inMemory(data, count), moving };
}

function allocateImages(count: number, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(count * size);
  } catch (cause) {
    const gigabytes = ((count * size) / 1e9).toFixed(1);
    throw new UserError(
      `${count} images take ${gigabytes} GB, more than there is; choose a smaller size, or a limit.`,
      { code: 'memory', facts: { bytes: count * size }, cause },
    );
  }
}

function requireSame(image: Pixels, first: Pixels, path: string, firstPath: string): void {
  if (image.width !== first.width || image.height !== first.height) {
    throw new UserError(
      `${path}: is ${image.width}×${image.height} but ${firstPath} is ${first.width}×${first.height}; resize all with size: ${Math.min(first.width, first.height)}.`,
      {
        code: 'shape',
        facts: {
          option: 'size',
          path,
          size: [image.height, image.width],
          first: [first.height, first.width],
        },
      },
    );
  }
  if (image.channels !== first.channels) {
    const kind = (channels: number) => (channels === 1 ? 'grey' : 'colour');
    throw new UserError(
      `${path}: is ${kind(image.channels)} but ${firstPath} is ${kind(first.channels)}; choose channels: 1 or channels: 3.`,
      {
        code: 'shape',
        facts: { option: 'channels', path, channels: image.channels, first: first.channels },
      },
    );
  }
}

async function decode(path: string, { size, channels }: ReadOptions): Promise<Pixels> {
  return decodeImage(await readBytes(path), path, { size, channels });
}

/**
 * Decodes one image to planes. `file` is named in errors.
 *
 * @throws UserError for bytes that are no image, and for one of more than 2^26 pixels.
 */
export async function decodeImage(
  bytes: Uint8Array,
  file: string,
  { size, channels }: Pick<ReadOptions, 'size' | 'channels'> = {},
): Promise<Pixels> {
  const sharp = await loadSharp();
  try {
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: LARGEST });
    const { channels: own, format, pages = 1, width: w, height: h, depth } = await image.metadata();
    // Sharp opens more formats than are meant here, some of them programs (SVG) or with files
    // beside them.
    if (!formats.has(format)) throw new Error(`its format is ${format}`);
    const limit = unpackedLimit(bytes.length);
    if (w * h * own * (depth === 'uchar' ? 1 : 2) > limit) {
      throw new Error(`${w}×${h} is far more than its ${bytes.length} bytes can be`);
    }
    const wanted = channels ?? (own <= 2 ? 1 : 3);
    let pipeline = image
      .timeout({ seconds: PATIENCE })
      .autoOrient()
      .flatten({ background: 'black' });
    if (size !== undefined) pipeline = pipeline.resize(size, size, { fit: 'cover' });
    const { data, info } = await pipeline
      .toColourspace(wanted === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const planes = channelsFirst(data, width * height, info.channels, wanted);
    return { data: planes, channels: wanted, width, height, frames: pages };
  } catch (error) {
    const reason = oneLine((error as Error).message.trim());
    throw new UserError(`${file}: can not be read as an image (${reason}); replace or remove it.`, {
      code: 'unreadable',
      facts: { path: file },
      cause: error,
    });
  }
}

const formats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp']);

/** From pixels of interleaved channels to planes; channels beyond `wanted` are left out. */
function channelsFirst(
  source: Uint8Array,
  area: number,
  stride: number,
  wanted: number,
): Uint8Array {
  const planes = new Uint8Array(area * wanted);
  for (let channel = 0; channel < wanted; channel++) {
    for (let i = 0; i < area; i++) {
      // A grey source may come as one channel even when three are wanted.
      planes[channel * area + i] = source[i * stride + Math.min(channel, stride - 1)] as number;
    }
  }
  return planes;
}
