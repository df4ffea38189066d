import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { gunzipIfNeeded, readBytes, readError } from '../../files.ts';
import { listed, oneLine, quoted } from '../../quoted.ts';
import type { Cifar10Part } from '../cifar10-batch.ts';
import { decodeCifar10, decodeCifar100 } from '../cifar10-binary.ts';
import { decodeCifar10Pickle, decodeCifar100Pickle } from '../cifar10-pickle.ts';
import type { Examples, ReadOptions, Split } from '../examples.ts';
import { missingPart, refusePartOfOne } from '../parts.ts';
import { readTar } from '../tar.ts';

interface Layout {
  readonly matches: (name: string) => boolean;
  /** The official names of each part. */
  readonly official: Readonly<Record<CifarSplit, RegExp>>;
  readonly shown: Readonly<Record<CifarSplit, string>>;
  readonly decode: (parts: readonly Cifar10Part[]) => Examples;
}

type CifarSplit = Exclude<Split, 'val'>;

const binary: Layout = {
  matches: (name) => name.endsWith('.bin'),
  official: { train: /^data_batch_\d+\.bin$/, test: /^test_batch\.bin$/ },
  shown: { train: 'data_batch_*.bin', test: 'test_batch.bin' },
  decode: decodeCifar10,
};

const python: Layout = {
  matches: (name) => /^(data_batch_\d+|test_batch)$/.test(name),
  official: { train: /^data_batch_\d+$/, test: /^test_batch$/ },
  shown: { train: 'data_batch_*', test: 'test_batch' },
  decode: decodeCifar10Pickle,
};

const binary100: Layout = {
  matches: (name) => /^(train|test)\.bin$/.test(name),
  official: { train: /^train\.bin$/, test: /^test\.bin$/ },
  shown: { train: 'train.bin', test: 'test.bin' },
  decode: decodeCifar100,
};

const python100: Layout = {
  matches: (name) => /^(train|test)$/.test(name),
  official: { train: /^train$/, test: /^test$/ },
  shown: { train: 'train', test: 'test' },
  decode: decodeCifar100Pickle,
};

/**
 * Tells whether a file of this name is one of CIFAR-10's, in its binary or its Python version, or
 * of CIFAR-100's.
 */
export function isCifar10Name(name: string): boolean {
  return [binary, python, python100].some(({ matches }) => matches(name));
}

/**
 * Tells whether a folder's names are those of a set of CIFAR's. Folders of images are called train
 * and test too.
 */
export function isCifarFolder(names: readonly string[]): boolean {
  const hundred = names.some(python100.matches) && names.includes('meta');
  return hundred || names.some((name) => binary.matches(name) || python.matches(name));
}

/**
 * Reads CIFAR-10 images `[count, 3, 32, 32]` with labels, in the binary version (`.bin`) or the
 * Python version (pickles, which have no extension): from one file, a folder of them, or the
 * official TAR archive, gzipped or not; so CIFAR-100, by its names `train` and `test`. In a folder
 * or archive with the official names, `split` chooses between `data_batch_*` and `test_batch`;
 * other folders have one part.
 *
 * @throws UserError where a file is missing, twice there, cut short or of another layout.
 */
export async function cifar10Examples(path: string, options: ReadOptions = {}): Promise<Examples> {
  const { split } = options;
  const folder = await stat(path).then(
    (info) => info.isDirectory(),
    (error) => {
      throw readError(error, path);
    },
  );
  if (folder) return readFolder(path, split);
  if (/\.(tar|tgz|tar\.gz)$/i.test(path)) return readArchive(path, split);
  refusePartOfOne(split, path);
  const name = basename(path);
  const own = [python, python100].find(({ matches }) => matches(name));
  const data = await readBytes(path);
  // CIFAR-100's binary file by its size, where its name does not say it.
  const isHundred = binary100.matches(name) && data.length % 3074 === 0;
  const { decode } = own ?? (isHundred ? binary100 : binary);
  return decode([{ name: path, data }]);
}

async function readArchive(path: string, split: Split | undefined): Promise<Examples> {
  const files = readTar(gunzipIfNeeded(await readBytes(path), path), path);
  const names = files.map(({ name }) => basename(name));
  const { decode, chosen, taken } = choose(names, split, path);
  const parts = chosen.map((name) => {
    const at = names.indexOf(name);
    if (names.lastIndexOf(name) === at) {
      return { name: `${path} (${oneLine(name)})`, data: files[at]!.data };
    }
    throw new UserError(`${path}: has ${quoted(name)} twice; give an archive of one set.`, {
      code: 'unreadable',
      facts: { path, name },
    });
  });
  return { ...decode(parts), taken };
}

async function readFolder(path: string, split: Split | undefined): Promise<Examples> {
  const { decode, chosen, taken } = choose(await readdir(path), split, path);
  const parts = chosen.map(async (name) => ({
    name: join(path, name),
    data: await readBytes(join(path, name)),
  }));
  return { ...decode(await Promise.all(parts)), taken };
}

/** The files to read, in order, and what reads them. */
function choose(names: readonly string[], split: Split | undefined, path: string) {
  const layout = [binary100, binary, python, python100].find(({ matches }) => names.some(matches));
  if (layout === undefined) {
    throw new UserError(
      `${path}: holds no .bin file and no data_batch_1; give CIFAR-10's binary or Python version.`,
      { code: 'not-found', facts: { path } },
    );
  }
  const { official, shown, decode } = layout;
  const all = names.filter(layout.matches).sort();
  const data = (chosen: readonly string[]) => {
    const passedOver = all.filter((name) => !chosen.includes(name));
    return { examples: listed(chosen), labels: listed(chosen), passedOver, notes: [] };
  };
  if (!all.some((name) => official.train.test(name) || official.test.test(name))) {
    refusePartOfOne(split, path);
    return { decode, chosen: all, taken: data(all) };
  }
  const part = split ?? 'train';
  if (part === 'val') throw missingPart(part, ['train', 'test'], path);
  const chosen = all.filter((name) => official[part].test(name));
  if (chosen.length === 0) {
    throw new UserError(`${path}: has no ${shown[part]} for the ${part} split; add it.`, {
      code: 'not-found',
      facts: { path, option: 'split', split: part },
    });
  }
  return { decode, chosen, taken: { part, ...data(chosen) } };
}
