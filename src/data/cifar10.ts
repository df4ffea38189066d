import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { gunzipIfNeeded, readBytes, readError } from '../files.ts';
import type { Cifar10Part } from './cifar10-batch.ts';
import { decodeCifar10 } from './cifar10-binary.ts';
import { decodeCifar10Pickle } from './cifar10-pickle.ts';
import { type Examples, type ReadOptions, refuseTestSplit, type Split } from './examples.ts';
import { readTar } from './tar.ts';

interface Layout {
  readonly matches: (name: string) => boolean;
  /** The official names of each part. */
  readonly official: Readonly<Record<Split, RegExp>>;
  readonly shown: Readonly<Record<Split, string>>;
  readonly decode: (parts: readonly Cifar10Part[]) => Examples;
}

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

/** Whether a file of this name is one of CIFAR-10's, in its binary or its Python version. */
export function isCifar10Name(name: string): boolean {
  return binary.matches(name) || python.matches(name);
}

/**
 * CIFAR-10 images `[count, 3, 32, 32]` with labels, in the binary version (`.bin`) or the Python version
 * (pickles, which have no extension): from one file, a folder of them, or the official TAR archive, gzipped
 * or not. In a folder or archive with the official names, `split` chooses between `data_batch_*` and
 * `test_batch`; other folders have one part.
 * Throws `UserError` where a file is missing, cut short or of another layout.
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
  refuseTestSplit(split, path);
  const { decode } = python.matches(basename(path)) ? python : binary;
  return decode([{ name: path, data: await readBytes(path) }]);
}

async function readArchive(path: string, split: Split | undefined): Promise<Examples> {
  const files = readTar(gunzipIfNeeded(await readBytes(path), path), path);
  const names = files.map(({ name }) => basename(name));
  const { decode, chosen } = choose(names, split, path);
  return decode(
    chosen.map((name) => ({
      name: `${path} (${name})`,
      data: (files[names.indexOf(name)] as Cifar10Part).data,
    })),
  );
}

async function readFolder(path: string, split: Split | undefined): Promise<Examples> {
  const { decode, chosen } = choose(await readdir(path), split, path);
  const parts = chosen.map(async (name) => ({
    name: join(path, name),
    data: await readBytes(join(path, name)),
  }));
  return decode(await Promise.all(parts));
}

/** The files to read, in order, and what reads them. */
function choose(names: readonly string[], split: Split | undefined, path: string) {
  const layout = [binary, python].find(({ matches }) => names.some(matches));
  if (layout === undefined) {
    throw new UserError(
      `${path}: holds no .bin file and no data_batch_1; give CIFAR-10's binary or Python version.`,
    );
  }
  const { official, shown, decode } = layout;
  const all = names.filter(layout.matches).sort();
  if (!all.some((name) => official.train.test(name) || official.test.test(name))) {
    refuseTestSplit(split, path);
    return { decode, chosen: all };
  }
  const chosen = all.filter((name) => official[split ?? 'train'].test(name));
  if (chosen.length === 0) {
    const part = split ?? 'train';
    throw new UserError(`${path}: has no ${shown[part]} for the ${part} split; add it.`);
  }
  return { decode, chosen };
}
