import { access } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { UserError } from '../../errors.ts';
import { gunzipIfNeeded, readBytes } from '../../files.ts';
import { inMemory } from '../dataset.ts';
import type { Examples, ReadOptions } from '../examples.ts';
import { decodeIdxBytes, type IdxArray } from '../idx-decode.ts';
import { refusePartOfOne } from '../parts.ts';

/**
 * Decodes IDX, as `decodeIdxBytes`; gzip is unpacked.
 *
 * @throws UserError also where the gzip is damaged.
 */
export function decodeIdx(
  packed: Uint8Array,
  file: string,
  options: { readonly dimensions?: number } = {},
): IdxArray {
  return decodeIdxBytes(gunzipIfNeeded(packed, file), file, options);
}

/** Reads an IDX file, gzipped or not; see `decodeIdx`. */
export async function readIdx(
  path: string,
  options: { readonly dimensions?: number } = {},
): Promise<IdxArray> {
  return decodeIdx(await readBytes(path), path, options);
}

/**
 * Reads images `[count, 1, height, width]` with their labels, from an IDX file of images. Without
 * `labelsPath`, the labels are looked for beside it, under the name MNIST's files have
 * (`train-images-idx3-ubyte.gz` → `train-labels-idx1-ubyte.gz`), and may be absent.
 */
export async function idxExamples(
  path: string,
  options: ReadOptions & { readonly labelsPath?: string } = {},
): Promise<Examples> {
  refusePartOfOne(options.split, path);
  const images = await readIdx(path, { dimensions: 3 });
  const [count, height, width] = images.shape as [number, number, number];
  const examples = { count, shape: [1, height, width], ...inMemory(images.data, count) };
  const labelsPath = options.labelsPath ?? (await labelsBeside(path));
  if (labelsPath === undefined) return examples;
  const labels = await readIdx(labelsPath, { dimensions: 1 });
  if (labels.shape[0] !== count) {
    throw new UserError(
      `${labelsPath}: has ${labels.shape[0]} labels for the ${count} images of ${path}; give files of one set.`,
    );
  }
  return { ...examples, labels: labels.data };
}

/** Finds the file of the labels of a file of images. */
export async function labelsBeside(path: string): Promise<string | undefined> {
  const { dir, base } = parse(path);
  const name = base.replace(/images([-.])idx3/, 'labels$1idx1');
  if (name === base) return undefined;
  const stem = name.replace(/\.gz$/, '');
  for (const candidate of [name, stem, `${stem}.gz`]) {
    const found = await access(join(dir, candidate)).then(
      () => true,
      () => false,
    );
    if (found) return join(dir, candidate);
  }
  return undefined;
}
