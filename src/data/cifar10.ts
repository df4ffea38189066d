import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { gunzipIfNeeded, readBytes, readError } from '../files.ts';
import { type Examples, type ReadOptions, refuseTestSplit, type Split } from './examples.ts';
import { readTar } from './tar.ts';

export const cifar10Classes: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

const shape = [3, 32, 32] as const;
const pixels = 3 * 32 * 32;
const recordSize = 1 + pixels;

const officialNames: Readonly<Record<Split, RegExp>> = {
  train: /^data_batch_\d+\.bin$/,
  test: /^test_batch\.bin$/,
};

interface Part {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * Decodes CIFAR-10's binary layout: records of a label byte and 3072 pixel bytes, the red plane, then
 * green, then blue, each row-major. Several files are joined in order. Names are for errors.
 * Throws `UserError` for a file that is no whole number of records and for a label above 9.
 */
export function decodeCifar10(parts: readonly Part[]): Examples {
  for (const { name, data } of parts) {
    if (data.length === 0 || data.length % recordSize !== 0) {
      throw new UserError(
        `${name}: size is ${data.length} bytes, not a whole number of ${recordSize}-byte CIFAR-10 records; get the file again, in the binary version.`,
      );
    }
  }
  const count = parts.reduce((sum, { data }) => sum + data.length / recordSize, 0);
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  let next = 0;
  for (const { name, data } of parts) {
    for (let at = 0; at < data.length; at += recordSize) {
      const label = data[at] as number;
      if (label >= cifar10Classes.length) {
        throw new UserError(
          `${name}: label of record ${at / recordSize} is ${label}, 0 to 9 expected; is it CIFAR-10's binary version?`,
        );
      }
      labels[next] = label;
      images.set(data.subarray(at + 1, at + recordSize), next * pixels);
      next += 1;
    }
  }
  return { count, shape: [...shape], data: images, labels, classes: cifar10Classes };
}

/**
 * CIFAR-10 images `[count, 3, 32, 32]` with labels, from one `.bin` file, a folder of them, or the official
 * TAR archive, gzipped or not. In a folder or archive with the official names, `split` chooses between
 * `data_batch_*.bin` and `test_batch.bin`; other folders have one part.
 * Throws `UserError` where a file is missing, cut short or of another layout.
 */
export async function cifar10Examples(path: string, options: ReadOptions = {}): Promise<Examples> {
  const folder = await stat(path).then(
    (info) => info.isDirectory(),
    (error) => {
      throw readError(error, path);
    },
  );
  if (folder) return decodeCifar10(await readFolder(path, options.split));
  if (!/\.(tar|tgz|tar\.gz)$/i.test(path)) {
    refuseTestSplit(options.split, path);
    return decodeCifar10([{ name: path, data: await readBytes(path) }]);
  }
  const files = readTar(gunzipIfNeeded(await readBytes(path), path), path);
  const names = files.map(({ name }) => basename(name));
  const chosen = chooseNames(names, options.split, path);
  return decodeCifar10(
    chosen.map((name) => ({
      name: `${path} (${name})`,
      data: (files[names.indexOf(name)] as Part).data,
    })),
  );
}

async function readFolder(path: string, split: Split | undefined): Promise<Part[]> {
  const chosen = chooseNames(await readdir(path), split, path);
  return Promise.all(
    chosen.map(async (name) => ({
      name: join(path, name),
      data: await readBytes(join(path, name)),
    })),
  );
}

function chooseNames(names: readonly string[], split: Split | undefined, path: string): string[] {
  const all = names.filter((name) => name.endsWith('.bin')).sort();
  if (all.length === 0) {
    throw new UserError(`${path}: holds no .bin file; give CIFAR-10's binary version.`);
  }
  const official = all.some(
    (name) => officialNames.train.test(name) || officialNames.test.test(name),
  );
  if (!official) {
    refuseTestSplit(split, path);
    return all;
  }
  const chosen = all.filter((name) => officialNames[split ?? 'train'].test(name));
  if (chosen.length === 0) {
    const wanted = split === 'test' ? 'test_batch.bin' : 'data_batch_*.bin';
    throw new UserError(`${path}: has no ${wanted} for the ${split ?? 'train'} split; add it.`);
  }
  return chosen;
}
