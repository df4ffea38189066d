import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { inMemory, readAll } from '../dataset.ts';
import type { Examples, Split } from '../examples.ts';
import type { NamedSet, SetPart } from '../registry.ts';
import { npzExamples } from './arrays.ts';
import { locateSet, type SetLocation } from './cache.ts';
import { cifar10Examples } from './cifar10.ts';
import { idxExamples } from './idx.ts';

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

/**
 * Finds a set's files.
 *
 * @throws UserError, with the command to run, where it is not on this machine.
 */
export async function requireSet(set: NamedSet): Promise<SetLocation> {
  const location = await locateSet(set);
  if (location !== undefined) return location;
  throw new UserError(`${set.name} is not on this machine; run: mdensity data fetch ${set.name}`);
}

/**
 * Finds the part of a set that `split` names.
 *
 * @throws UserError where the set has no such part.
 */
export function partOf(set: NamedSet, split: Split): SetPart {
  const part = split === 'val' ? undefined : set.parts[split];
  if (part !== undefined) return part;
  throw new UserError(
    `${set.name}: has no ${split} split; its parts: ${Object.keys(set.parts).join(', ')}.`,
    {
      code: 'not-found',
      facts: { option: 'split', name: set.name, split, parts: Object.keys(set.parts) },
    },
  );
}

/**
 * Reads one part of a named set.
 *
 * @throws UserError where it is not here, damaged, or has no such part.
 */
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
