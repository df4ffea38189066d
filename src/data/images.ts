import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { UserError } from '../errors.ts';
import { readBytes, readError } from '../files.ts';
import { inMemory } from '../train/dataset.ts';
import { type Examples, type ReadOptions, refuseTestSplit } from './examples.ts';

const imageName = /^[^.].*\.(png|jpe?g|webp)$/i;
/** Images decoded at once: enough to keep sharp's threads busy, few enough to hold in memory. */
const concurrency = 8;

interface ImageFile {
  readonly path: string;
  readonly label?: number;
}

interface Listing {
  readonly files: readonly ImageFile[];
  readonly classes?: readonly string[];
}

interface Pixels {
  readonly data: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Reads a folder of PNG, JPEG and WebP images as `[count, channels, height, width]` bytes. Each subfolder
 * that holds images is a class, however deep they lie in it; without subfolders there are no labels.
 * If the subfolders are just `train` and `test`, they are parts, and `split` chooses. Order is by name.
 * Transparency is laid on black, orientation tags are followed, other files are passed over.
 *
 * Throws `UserError` for a folder without images, an unreadable image, and the first image (in order)
 * whose size or number of channels differs from the first one's.
 */
export async function imageFolderExamples(
  path: string,
  options: ReadOptions = {},
): Promise<Examples> {
  const { size } = options;
  if (size !== undefined && (!Number.isInteger(size) || size < 1)) {
    throw new UserError(`--size ${size}: give a whole number of pixels, 1 or more.`);
  }
  const { files, classes } = await listImages(await splitFolder(path, options.split));
  const images = await decodeAll(files, options);
  if (classes === undefined) return images;
  return { ...images, labels: Uint8Array.from(files, ({ label }) => label as number), classes };
}

async function splitFolder(path: string, split: ReadOptions['split']): Promise<string> {
  const folders = (await entries(path)).folders;
  if (folders.length === 2 && folders.includes('train') && folders.includes('test')) {
    return join(path, split ?? 'train');
  }
  refuseTestSplit(split, path);
  return path;
}

async function entries(path: string): Promise<{ images: string[]; folders: string[] }> {
  try {
    const found = await readdir(path, { withFileTypes: true });
    const names = found.filter(({ name }) => !name.startsWith('.'));
    // Plain sort, by code unit: the order must not depend on the machine's language.
    const folders = names.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const images = names.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    return {
      images: images.filter((name) => imageName.test(name)).sort(),
      folders: folders.sort(),
    };
  } catch (error) {
    throw readError(error, path);
  }
}

async function imagesUnder(path: string): Promise<string[]> {
  const { images, folders } = await entries(path);
  const deeper: string[] = [];
  for (const folder of folders) deeper.push(...(await imagesUnder(join(path, folder))));
  return [...images.map((name) => join(path, name)), ...deeper];
}

async function listImages(path: string): Promise<Listing> {
  const { images, folders } = await entries(path);
  const files: ImageFile[] = images.map((name) => ({ path: join(path, name) }));
  const classes: string[] = [];
  for (const folder of folders) {
    const inClass = await imagesUnder(join(path, folder));
    if (inClass.length === 0) continue;
    const label = classes.push(folder) - 1;
    files.push(...inClass.map((file) => ({ path: file, label })));
  }
  if (files.length === 0) {
    throw new UserError(`${path}: holds no PNG, JPEG or WebP image; give a folder of images.`);
  }
  if (classes.length > 256) {
    throw new UserError(
      `${path}: has ${classes.length} class folders, at most 256 are read; merge some.`,
    );
  }
  if (images.length > 0 && classes.length > 0) {
    throw new UserError(
      `${path}: has images both beside and inside class folders (${join(path, images[0] as string)}); move them into a class folder.`,
    );
  }
  return classes.length === 0 ? { files } : { files, classes };
}

async function decodeAll(files: readonly ImageFile[], options: ReadOptions): Promise<Examples> {
  let first: Pixels | undefined;
  let data = new Uint8Array(0);
  for (let start = 0; start < files.length; start += concurrency) {
    const group = files.slice(start, start + concurrency);
    // All are awaited, then looked at in order: the error is the first one's, whichever failed soonest.
    const results = await Promise.allSettled(group.map(({ path }) => decode(path, options)));
    for (const [i, result] of results.entries()) {
      if (result.status === 'rejected') throw result.reason;
      const image = result.value;
      if (first === undefined) {
        first = image;
        data = new Uint8Array(files.length * image.data.length);
      }
      requireSame(image, first, (group[i] as ImageFile).path, (files[0] as ImageFile).path);
      data.set(image.data, (start + i) * image.data.length);
    }
    const done = Math.min(start + concurrency, files.length);
    options.onProgress?.({ stage: 'reading', done, total: files.length });
  }
  const { channels, height, width } = first as Pixels;
  const count = files.length;
  return { count, shape: [channels, height, width], ...inMemory(data, count) };
}

function requireSame(image: Pixels, first: Pixels, path: string, firstPath: string): void {
  if (image.width !== first.width || image.height !== first.height) {
    throw new UserError(
      `${path}: is ${image.width}×${image.height} but ${firstPath} is ${first.width}×${first.height}; resize all with --size ${Math.min(first.width, first.height)}.`,
    );
  }
  if (image.channels !== first.channels) {
    const kind = (channels: number) => (channels === 1 ? 'grey' : 'colour');
    throw new UserError(
      `${path}: is ${kind(image.channels)} but ${firstPath} is ${kind(first.channels)}; choose --channels 1 or --channels 3.`,
    );
  }
}

async function decode(path: string, { size, channels }: ReadOptions): Promise<Pixels> {
  const bytes = await readBytes(path);
  try {
    const image = sharp(bytes, { failOn: 'error' });
    const wanted = channels ?? ((await image.metadata()).channels <= 2 ? 1 : 3);
    let pipeline = image.autoOrient().flatten({ background: 'black' });
    if (size !== undefined) pipeline = pipeline.resize(size, size, { fit: 'cover' });
    const { data, info } = await pipeline
      .toColourspace(wanted === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    return {
      data: channelsFirst(data, width * height, info.channels, wanted),
      channels: wanted,
      width,
      height,
    };
  } catch (error) {
    const reason = (error as Error).message.replace(/\s+/g, ' ').trim();
    throw new UserError(`${path}: can not be read as an image (${reason}); replace or remove it.`, {
      cause: error,
    });
  }
}

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
