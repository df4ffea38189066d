/** Folders of IDX files, named as those of MNIST are. */
import { basename, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { listed } from '../../quoted.ts';
import type { Examples, ReadOptions, Split } from '../examples.ts';
import { missingPart, partNamed } from '../parts.ts';
import { idxExamples, labelsBeside } from './idx.ts';

/** A file of images of a folder. */
interface ImageFile {
  readonly name: string;
  readonly part: Split | undefined;
}

/** `train-images-idx3-ubyte`, `t10k-images.idx3-ubyte.gz`, `emnist-digits-test-images-idx3-…`. */
const IMAGES = /^(?:(.*)[-_.])?images[-.]idx3([-.]ubyte)?(\.gz)?$/i;

/** Tells whether a folder holds IDX files of images. */
export const isIdxFolder = (names: readonly string[]): boolean =>
  names.some((name) => IMAGES.test(name));

/**
 * Reads one part of a folder of IDX files, with the labels beside it. `t10k`, as MNIST's files have
 * it, is the test part; without `split` it is the train part, or the only one there is.
 *
 * @throws UserError for a part that is not there, and where several files could be it.
 */
export async function idxFolderExamples(
  path: string,
  names: readonly string[],
  { split }: ReadOptions,
): Promise<Examples> {
  const files = filesOf(names);
  const wanted = split ?? 'train';
  const ofPart = files.filter(({ part }) => part === wanted);
  const fitting = ofPart.length === 0 && split === undefined && files.length === 1 ? files : ofPart;
  if (fitting.length === 0) {
    throw missingPart(wanted, [...new Set(files.map(({ part, name }) => part ?? name))], path);
  }
  if (fitting.length > 1) {
    const found = fitting.map(({ name }) => name);
    throw new UserError(
      `${path}: has several files of the ${wanted} part (${listed(found, 8)}); give one of them`,
      { facts: { path, files: found } },
    );
  }
  const [{ name, part }] = fitting as [ImageFile];
  const image = join(path, name);
  const labels = await labelsBeside(image);
  const own = labels && basename(labels);
  const passedOver = names.filter((other) => other !== name && other !== own).sort();
  const taken = {
    ...(part && { part }),
    examples: name,
    passedOver,
    notes: [],
    ...(own && { labels: own }),
  };
  return { ...(await idxExamples(image)), taken };
}

/** Files of images; of one that is there twice the unpacked one. */
function filesOf(names: readonly string[]): ImageFile[] {
  return [...names].sort().flatMap((name) => {
    const match = IMAGES.exec(name);
    if (!match || (match[3] && names.includes(name.slice(0, -match[3].length)))) return [];
    const word = match[1]?.split(/[-_.]/).at(-1);
    return [{ name, part: word?.toLowerCase() === 't10k' ? 'test' : partNamed(word ?? '') }];
  });
}
