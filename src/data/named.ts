import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { inMemory, readAll } from '../train/dataset.ts';
import { npzExamples } from './arrays.ts';
import { locateSet, type SetLocation } from './cache.ts';
import { cifar10Examples } from './cifar10.ts';
import type { Examples, Split } from './examples.ts';
import { idxExamples } from './idx.ts';
import type { NamedSet, SetPart } from './registry.ts';

type LayoutReader = (folder: string, part: SetPart, split: Split) => Promise<Examples>;

const layouts: Readonly<Record<NamedSet['layout'], LayoutReader>> = {
  idx: (folder, { files: [images, labels] }) =>
    idxExamples(join(folder, images as string), { labelsPath: join(folder, labels as string) }),
  npz8: async (folder, { files: [arrays] }) => {
    const examples = await npzExamples(join(folder, arrays as string));
    // Its pixels count ink from 0 to 16.
    const data = Uint8Array.from(readAll(examples), (ink) => Math.round((ink * 255) / 16));
    return { ...examples, ...inMemory(data, examples.count) };
  },
  cifar10: (folder, { files: [archive] }, split) =>
    cifar10Examples(join(folder, archive as string), { split }),
};

/** Where a set's files are. Throws `UserError`, with the command to run, where it is not on this machine. */
export async function requireSet(set: NamedSet): Promise<SetLocation> {
  const location = await locateSet(set);
  if (location !== undefined) return location;
  throw new UserError(`${set.name} is not on this machine; run: mdensity data fetch ${set.name}`);
}

/** The part of a set that `split` names. Throws `UserError` where the set has no such part. */
export function partOf(set: NamedSet, split: Split): SetPart {
  const part = set.parts[split];
  if (part !== undefined) return part;
  throw new UserError(
    `${set.name}: has one part of ${set.count} examples, no ${split} split; leave out --split ${split}.`,
  );
}

/** Reads one part of a named set. Throws `UserError` where it is not here, damaged, or has no such part. */
export async function readNamedSet(set: NamedSet, split: Split = 'train'): Promise<Examples> {
  const part = partOf(set, split);
  const { folder } = await requireSet(set);
  const examples = await layouts[set.layout](folder, part, split);
  if (examples.count !== part.count || examples.shape.join() !== set.shape.join()) {
    throw new UserError(
      `${folder}: holds ${examples.count} examples of shape [${examples.shape}], ${part.count} of [${set.shape}] expected; run: mdensity data verify ${set.name}`,
    );
  }
  return { ...examples, classes: set.classes };
}
